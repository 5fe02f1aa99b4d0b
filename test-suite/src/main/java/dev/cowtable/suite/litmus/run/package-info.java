/**
 * Runs litmus scenarios on an emulated machine under a chosen design and prints what a real kernel's runner would print.
 *
 * <h2>Models</h2> the processes of a story: an address space each, the CPU it runs on, its io_uring fixed buffers; pipes; and an
 * observer with the eyes of /proc/PID/pagemap, smaps, status and /proc/kpageflags.
 * <h2>Leaves out</h2> files, KSM, huge pages, userfaultfd: such an operation is answered UNSUPPORTED and the scenario stops there.
 * <h2>Lock rules</h2> none are taken here; the observer looks only while every CPU is at rest.
 * <h2>Entry points</h2> {@link dev.cowtable.suite.litmus.run.LitmusRunner#run}.
 */
@NullMarked
package dev.cowtable.suite.litmus.run;

import org.jspecify.annotations.NullMarked;
