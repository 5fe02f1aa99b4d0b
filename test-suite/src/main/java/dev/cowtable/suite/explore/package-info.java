/**
 * Runs a small concurrent scenario under chosen schedules: random ones from a seed, or a recorded one again.
 *
 * <p><b>Models:</b> every interleaving of the CPUs at the scheduling points of the emulated machine, sequentially
 * consistent.
 * <p><b>Leaves out:</b> store buffers and exhaustive search, which {@link dev.cowtable.suite.hardware} has; switches
 * between two looks at a page's flags, which are no scheduling points.
 * <p><b>Lock rules:</b> one CPU's body runs at a time, handed on by a baton; a body holds no JVM lock at a scheduling
 * point.
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.explore.RaceRunner}, {@link dev.cowtable.suite.explore.Race},
 * {@link dev.cowtable.suite.explore.race.Races}.
 */
@NullMarked
package dev.cowtable.suite.explore;

import org.jspecify.annotations.NullMarked;
