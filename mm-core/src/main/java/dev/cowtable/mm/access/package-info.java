/**
 * Access to a process's pages by others than its own loads and stores.
 *
 * <h2>Models</h2> /proc/PID/mem, process_vm_readv/writev, O_DIRECT, remap_pfn_range() and the look at its entries.
 * <h2>Leaves out</h2> access to device memory through vm_ops->access; ranges longer than a byte or a page.
 * <h2>Lock rules</h2> mmap_lock of the target for reading, through GUP.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.access.ProcMem}, {@link dev.cowtable.mm.access.ProcessVm},
 * {@link dev.cowtable.mm.access.DirectIo}, {@link dev.cowtable.mm.access.FollowPfnmap}, {@link dev.cowtable.mm.access.RemapPfnRange}.
 */
@NullMarked
package dev.cowtable.mm.access;

import org.jspecify.annotations.NullMarked;
