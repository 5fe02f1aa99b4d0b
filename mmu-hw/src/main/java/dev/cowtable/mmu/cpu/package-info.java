/**
 * CPUs, the machine that joins them, and inter-processor interrupts.
 *
 * <p><b>Models:</b> a CPU's control registers, its memory port, its accesses and invalidations (SDM volume 3, chapters
 * 2 and 4), and fixed IPIs (chapter 11) with a handler instead of a vector.
 * <p><b>Leaves out:</b> instructions, privilege changes, interrupt priorities, accesses that cross a page.
 * <p><b>Lock rules:</b> one CPU is driven by one thread at a time. Others only post interrupts to it, or run one for it
 * while it is idle.
 * <p><b>Flush rules:</b> every invalidation acts on its own CPU alone; others need an IPI.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.cpu.Machine#builder()}, {@link dev.cowtable.mmu.cpu.Cpu}.
 */
@NullMarked
package dev.cowtable.mmu.cpu;

import org.jspecify.annotations.NullMarked;
