/**
 * The kernel object that ties the parts of the memory management together.
 *
 * <h2>Models</h2> what is global in mm/: mem_map, the zero page, the list of address spaces.
 * <h2>Leaves out</h2> tasks, signals, files: a process is its address space, run on a CPU that is named at each call.
 * <h2>Lock rules</h2> see {@link dev.cowtable.mm.lock}.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.Kernel}.
 */
@NullMarked
package dev.cowtable.mm;

import org.jspecify.annotations.NullMarked;
