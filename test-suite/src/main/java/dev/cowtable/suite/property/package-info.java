/**
 * Random programs of memory operations, two designs run side by side on them, and a model of user memory that knows neither.
 *
 * <h2>Models</h2> the promise that a fork design is invisible: after every operation the same contents, counts, exclusive marks,
 * resident sizes and page-table sizes, and the same pages shared by the same processes, as under another design.
 * <p>The model speaks of private and shared anonymous memory: mappings, advice, mremap, locks, swap, pins, pipes, O_DIRECT, and access
 * from other processes. It is compared with the records of a real kernel too.
 * <h2>Leaves out</h2> in the model files, userfaultfd, KSM, huge pages and mincore's digits; in the comparison write rights of
 * entries, accessed and dirty bits; fault counts where a TLB may cause spurious faults.
 * <h2>Lock rules</h2> none are taken; states are compared while every CPU is at rest.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.property.DesignComparison},
 * {@link dev.cowtable.suite.property.ProgramArbitrary}, {@link dev.cowtable.suite.property.RandomComparison}.
 */
@NullMarked
package dev.cowtable.suite.property;

import org.jspecify.annotations.NullMarked;
