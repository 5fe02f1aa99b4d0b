/**
 * Deterministic costs of a run.
 *
 * <h2>Models</h2> the counts that a reviewer asks for: entries visited, tables, copies, flushes, IPIs, atomic operations.
 * <h2>Leaves out</h2> time. Counts are taken per table or per batch, never per entry.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.stat.Counters}.
 */
@NullMarked
package dev.cowtable.mm.stat;

import org.jspecify.annotations.NullMarked;
