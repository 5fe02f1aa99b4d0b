/**
 * Access to a process's pages by others than its own loads and stores.
 *
 * <h2>Models</h2> /proc/PID/mem, process_vm_readv/writev, O_DIRECT, remap_pfn_range() and the look at its entries,
 * apply_to_page_range() of drivers, hmm_range_fault() of devices that mirror an address space.
 * <h2>Leaves out</h2> access to device memory through vm_ops->access; ranges longer than a byte or a page.
 * <h2>Lock rules</h2> mmap_lock of the target for reading, through GUP; ptl where an entry is held or set. A device's mirror reads entries
 * without a lock.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.access.ProcMem}, {@link dev.cowtable.mm.access.ProcessVm},
 * {@link dev.cowtable.mm.access.DirectIo}, {@link dev.cowtable.mm.access.FollowPfnmap}, {@link dev.cowtable.mm.access.RemapPfnRange},
 * {@link dev.cowtable.mm.access.ApplyToPageRange}, {@link dev.cowtable.mm.access.HmmRangeFault}.
 */
@NullMarked
package dev.cowtable.mm.access;

import org.jspecify.annotations.NullMarked;
