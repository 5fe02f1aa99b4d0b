/**
 * Soft-dirty tracking of written pages, as an option of the kernel.
 *
 * <h2>Models</h2> the bit in entries and swap entries, VM_SOFTDIRTY, clear_refs of type 4.
 * <h2>Leaves out</h2> PAGEMAP_SCAN.
 * <h2>Lock rules</h2> mmap_lock for writing; shared tables are broken before anything changes.
 * <h2>Flush rules</h2> once for the whole mm.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.softdirty.SoftDirty}.
 */
@NullMarked
package dev.cowtable.mm.softdirty;

import org.jspecify.annotations.NullMarked;
