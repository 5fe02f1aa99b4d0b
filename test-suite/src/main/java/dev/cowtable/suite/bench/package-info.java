/**
 * Benchmarks of the emulator, and the real kernel and CPU beside them in the same run.
 *
 * <h2>Models</h2> fork per PTE, faults, munmap, swap, reclaim, rmap walks, translations, invalidations, each in a
 * JVM in which every executor has run.
 * <h2>Leaves out</h2> a judgement of times: only an allocation where there must be none fails a run.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.bench.BenchRun}, run by {@code cowtable bench}.
 */
@NullMarked
package dev.cowtable.suite.bench;

import org.jspecify.annotations.NullMarked;
