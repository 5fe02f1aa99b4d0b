/**
 * Benchmarks of the emulator, and the real kernel beside them in the same run.
 *
 * <h2>Models</h2> fork per PTE, write faults, translations, each in a JVM in which every executor has run.
 * <h2>Leaves out</h2> assertions: tests never assert a time.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.bench.BenchRun}, run by {@code cowtable bench}.
 */
@NullMarked
package dev.cowtable.suite.bench;

import org.jspecify.annotations.NullMarked;
