/**
 * Page frames: their counts and flags, and the allocator that hands them out.
 *
 * <h2>Models</h2> struct page / folio, PageAnonExclusive, pin counting bias, the buddy allocator, fail_page_alloc; anonymous folios of order
 * 1 to 8 with their per-folio counts (CONFIG_PAGE_MAPCOUNT, CONFIG_MM_ID).
 * <h2>Leaves out</h2> zones, NUMA, per-CPU page lists, memcg. Large folios are on no LRU list, so whatever isolates a page answers as for one that
 * it cannot isolate: they are not swapped out, reclaimed, migrated or freed lazily. A broken frame in one is refused. They are not split: a
 * partly unmapped one keeps all its frames until its last reference goes. Folios of order 9 are opaque heads.
 * <h2>Lock rules</h2> counts and flags: atomic operations; mappings of a large folio: its own lock. Free lists: zone lock.
 * mapping and index: owner of the frame, or folio lock.
 * <h2>Flush rules</h2> a frame is freed only after the flush that its last unmapping owes; {@code MmuGather} sees to it.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.page.MemMap}, {@link dev.cowtable.mm.page.PageAllocator},
 * {@link dev.cowtable.mm.page.LargeFolio}.
 */
@NullMarked
package dev.cowtable.mm.page;

import org.jspecify.annotations.NullMarked;
