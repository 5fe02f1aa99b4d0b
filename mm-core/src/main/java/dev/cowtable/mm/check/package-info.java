/**
 * The named invariants, checked over the whole machine at rest.
 *
 * <h2>Models</h2> I1-I8 of the dossier, PAGE_TABLE_CHECK's rules adapted to shared tables, the sums of counts, swap slots and the swap
 * cache, LRU lists, pages on their way, no leaks, no stale translation.
 * <h2>Leaves out</h2> what a run may show only in flight; that is for the flush debts and the lock checks, which are always on.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.check.InvariantChecker}.
 */
@NullMarked
package dev.cowtable.mm.check;

import org.jspecify.annotations.NullMarked;
