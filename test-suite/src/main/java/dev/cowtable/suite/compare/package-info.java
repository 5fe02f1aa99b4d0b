/**
 * Forks a recorded process under several designs, replays a workload and compares what it cost.
 *
 * <h2>Models</h2> the process as its snapshot shows it: VMAs with flags, anonymous pages with contents, all other pages
 * as opaque entries; a parent with threads on two CPUs, children on a third, reclaim on a
 * fourth.
 * <h2>Leaves out</h2> what the snapshot cannot tell or the kernel does not model; each rebuilt process counts it.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.compare.Comparison},
 * {@link dev.cowtable.suite.compare.ProcessRebuilder}, {@link dev.cowtable.suite.compare.Workload}.
 */
@NullMarked
package dev.cowtable.suite.compare;

import org.jspecify.annotations.NullMarked;
