/**
 * On-demand-fork: a research prototype, kept as a runnable counter-example.
 *
 * <h2>Models</h2> tables that own the references to their pages, eligibility by one VMA covering the whole table, break by copy and count,
 * no reuse by the last sharer, unmapping of a whole table by its count alone.
 * <h2>Leaves out</h2> the population of mappings at mmap(); brk is shared like other private anonymous memory. What the prototype did not do
 * with shared tables, or did wrong without a word, is refused.
 * <h2>Lock rules</h2> those of {@code dev.cowtable.fork.lazy}.
 * <h2>Entry points</h2> {@link dev.cowtable.fork.ondemand.OnDemandForkProvider}.
 */
@NullMarked
package dev.cowtable.fork.ondemand;

import org.jspecify.annotations.NullMarked;
