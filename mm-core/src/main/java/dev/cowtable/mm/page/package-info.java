/**
 * Page frames: their counts and flags, and the allocator that hands them out.
 *
 * <h2>Models</h2> struct page / folio of order 0, PageAnonExclusive, pin counting bias, the buddy allocator, fail_page_alloc.
 * <h2>Leaves out</h2> zones, NUMA, per-CPU page lists, memcg; large folios except as opaque heads.
 * <h2>Lock rules</h2> counts and flags: atomic operations. Free lists: zone lock. mapping and index: owner of the frame, or folio lock.
 * <h2>Flush rules</h2> a frame is freed only after the flush that its last unmapping owes; {@code MmuGather} sees to it.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.page.MemMap}, {@link dev.cowtable.mm.page.PageAllocator}.
 */
@NullMarked
package dev.cowtable.mm.page;

import org.jspecify.annotations.NullMarked;
