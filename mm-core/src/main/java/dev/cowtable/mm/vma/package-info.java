/**
 * Address spaces: VMAs, the system calls that change them, and the clearing of page-table ranges.
 *
 * <h2>Models</h2> mm_struct, vm_area_struct with its lock, VMA split and merge with the anon_vma rules, mmap (fixed), munmap, mprotect, madvise
 * (DONTNEED, DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK), exit_mmap().
 * <h2>Leaves out</h2> shared and file mappings except as opaque recorded pages, mremap, mlock, stack growth, limits, overcommit.
 * <h2>Lock rules</h2> writers hold mmap_lock for writing and mark each VMA that they change; faults hold the VMA's lock, or mmap_lock for reading.
 * <h2>Flush rules</h2> unmapping: by the gather, before pages and tables are freed; mprotect: before mmap_lock is dropped.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.vma.MemoryMap}, {@link dev.cowtable.mm.vma.MmStruct}.
 */
@NullMarked
package dev.cowtable.mm.vma;

import org.jspecify.annotations.NullMarked;
