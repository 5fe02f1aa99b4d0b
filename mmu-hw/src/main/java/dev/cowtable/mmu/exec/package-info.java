/**
 * Who runs the CPUs' bodies: the port between the emulated machine and real execution.
 *
 * <p><b>Models:</b> nothing of the hardware; scheduling points and blocking.
 * <p><b>Lock rules:</b> only {@link dev.cowtable.mmu.exec.ThreadedExecutor} may spin, yield or park.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.exec.Executor}.
 */
@NullMarked
package dev.cowtable.mmu.exec;

import org.jspecify.annotations.NullMarked;
