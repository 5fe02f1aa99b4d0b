/**
 * Reclaim: taking pages away from their mappers.
 *
 * <h2>Models</h2> shrink_folio_list() for anonymous, lazily freed and shared-memory pages; reclaim_pages(); scanning of the LRU lists with a second
 * chance for used pages; MADV_COLD, MADV_PAGEOUT, MADV_FREE.
 * <h2>Leaves out</h2> watermarks, kswapd, direct reclaim, memcg, demotion, writing of files, batches of TLB flushes.
 * <h2>Lock rules</h2> isolation reference, then the folio lock, then rmap lock, then ptl; mmap_lock or the VMA's lock may be held outside.
 * <h2>Flush rules</h2> an unmapped entry is flushed at once; the A and D bits that madvise clears are flushed when it ends.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.reclaim.Reclaim}, {@link dev.cowtable.mm.reclaim.MadvisePages}.
 */
@NullMarked
package dev.cowtable.mm.reclaim;

import org.jspecify.annotations.NullMarked;
