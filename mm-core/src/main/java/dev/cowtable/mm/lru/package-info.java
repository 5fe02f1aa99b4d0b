/**
 * LRU lists, their per-CPU batches and the mlock batch.
 *
 * <h2>Models</h2> struct lruvec with its lists of active and inactive, anonymous and file pages; folio batches of 31 with a reference on each
 * entry; folio_mark_accessed(), lazily freed pages; mlock_count.
 * <h2>Leaves out</h2> MGLRU, memcg and NUMA lists, lru_move_tail and deactivation of files, counts of refaults. Batches are drained where Linux
 * 6.18 drains them, which unmapping and exit are not.
 * <h2>Lock rules</h2> the local lock of a CPU's batches, inside it lru_lock; both inside a ptl. A batch's references are dropped after lru_lock.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.lru.Lru}, {@link dev.cowtable.mm.lru.LruScan}, {@link dev.cowtable.mm.lru.LruReferences}.
 */
@NullMarked
package dev.cowtable.mm.lru;

import org.jspecify.annotations.NullMarked;
