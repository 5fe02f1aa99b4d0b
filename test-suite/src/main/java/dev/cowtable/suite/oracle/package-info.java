/**
 * The running Linux kernel as the authority on litmus scenarios: runs them on it and compares.
 *
 * <p><b>Models:</b> nothing: a bundled C program (resources {@code native/oracle}) starts real processes, has them do a
 * scenario's operations, and prints what {@code /proc} shows of them in the form of the emulator's runner.
 *
 * <p><b>Leaves out:</b> kernels other than x86-64 Linux, and machines where one is not root.
 *
 * <p><b>Lock rules:</b> swap space and KSM belong to the whole machine: one run at a time, the others wait.
 *
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.oracle.RunningKernel#open},
 * {@link dev.cowtable.suite.oracle.OracleTally}, {@link dev.cowtable.suite.oracle.KernelSettings},
 * {@link dev.cowtable.suite.oracle.RandomScenarios}.
 */
@NullMarked
package dev.cowtable.suite.oracle;

import org.jspecify.annotations.NullMarked;
