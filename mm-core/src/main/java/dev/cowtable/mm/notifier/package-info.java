/**
 * Telling those who keep translations of an mm of their own that entries change.
 *
 * <h2>Models</h2> range invalidation with its events, clear_flush_young, release, and the callback of users that walk the CPU's own tables.
 * <h2>Leaves out</h2> interval notifiers as such, non-blocking invalidation.
 * <h2>Lock rules</h2> ranges begin and end with no spin lock held.
 * <h2>Flush rules</h2> a range begins before the first of its entries changes and ends after the flush. A broken table changes no
 * translation, so it is no range; but a user that has cached its PDE must drop it with the TLB flush of the break.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.notifier.MmuNotifiers} of an mm.
 */
@NullMarked
package dev.cowtable.mm.notifier;

import org.jspecify.annotations.NullMarked;
