/**
 * Swap: areas, the use counts of their slots, the swap cache, and what moves pages out and in.
 *
 * <h2>Models</h2> swap_map with HAS_CACHE, shared memory's slots and continuations that can fail; the zero-filled page that is never
 * written; a back end that writes asynchronously (FILE) and one that does not (ZRAM); swap-in through the swap cache or past it; swapoff.
 * <h2>Leaves out</h2> read-ahead, clusters and priorities, discard, zswap, large folios.
 * <h2>Lock rules</h2> folio lock, then ptl, then the swap lock or an area's i_pages, which are never held together. HAS_CACHE is the lock
 * of a slot's contents.
 * <h2>Flush rules</h2> none: who unmaps a page flushes before it is written, and a non-present entry is never cached.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.swap.Swap}; entries are encoded by {@code dev.cowtable.mm.pgtable.SwpEntry}, and faults on
 * them handled by {@code dev.cowtable.mm.fault}.
 */
@NullMarked
package dev.cowtable.mm.swap;

import org.jspecify.annotations.NullMarked;
