/**
 * Address spaces: VMAs, the system calls that change them, and the clearing and moving of page-table ranges.
 *
 * <h2>Models</h2> mm_struct, vm_area_struct with its lock, VMA split and merge with the anon_vma rules and sticky flags; mmap (fixed; anonymous,
 * private or shared), munmap, mprotect, mremap (moves of one or several VMAs, whole tables, resizing in place, DONTUNMAP), madvise and
 * process_madvise, guard regions, mlock, mincore, populating, growing stacks, exit_mmap(); limits on VMAs, locked memory, stack and address space.
 * <h2>Leaves out</h2> mappings of files other than shared memory, addresses chosen by the kernel, overcommit, KSM, huge pages but for opaque
 * recorded ones.
 * <h2>Lock rules</h2> writers hold mmap_lock for writing and mark each VMA that they change; faults and MADV_DONTNEED hold the VMA's lock, or
 * mmap_lock for reading. Moving takes the rmap locks where a walk could miss both places, then both table locks.
 * <h2>Flush rules</h2> unmapping: by the gather, before pages and tables are freed; mprotect: before mmap_lock is dropped; moving: the old range
 * before the locks of both tables are dropped.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.vma.MemoryMap}, {@link dev.cowtable.mm.vma.MmStruct}.
 */
@NullMarked
package dev.cowtable.mm.vma;

import org.jspecify.annotations.NullMarked;
