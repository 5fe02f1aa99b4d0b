/**
 * Physical memory behind one narrow interface.
 *
 * <p><b>Models:</b> coherent write-back memory with the ordering of x86 loads, stores and locked operations.
 * <p><b>Leaves out:</b> memory types, MMIO and caches; a store buffer belongs to a CPU.
 * <p><b>Lock rules:</b> no locks; every word operation is atomic. {@code fillFrame} and {@code copyFrame} want a
 * frame that their caller owns alone.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.mem.MemoryAccess}, {@link dev.cowtable.mmu.mem.PhysicalMemory}.
 */
@NullMarked
package dev.cowtable.mmu.mem;

import org.jspecify.annotations.NullMarked;
