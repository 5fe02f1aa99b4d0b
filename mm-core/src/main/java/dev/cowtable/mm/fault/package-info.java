/**
 * Page faults: from the CPU's error code to the entry that resolves it.
 *
 * <h2>Models</h2> do_user_addr_fault(), handle_mm_fault(), anonymous faults with the zero page and with a large folio, write-protect faults
 * with the reuse rules, unshare faults, faults on shared memory with fault-around, swap-in, NUMA hints.
 * <h2>Leaves out</h2> files on a disk, userfaultfd, huge pages: such entries are opaque and a fault on one is refused.
 * <h2>Lock rules</h2> the VMA's lock, or mmap_lock for reading; page-table locks inside. Allocation with no spin lock held.
 * <h2>Flush rules</h2> replacing a page: clear, flush all CPUs of the mm, set the new entry, only then un-count the old page. Reuse flushes nothing.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.fault.MemoryFault}, {@link dev.cowtable.mm.fault.UserAccess}.
 */
@NullMarked
package dev.cowtable.mm.fault;

import org.jspecify.annotations.NullMarked;
