/**
 * What a CPU remembers of past walks: the TLB and the paging-structure caches, both stale until invalidated.
 *
 * <p><b>Models:</b> SDM volume 3, 4.10.2 (TLBs) and 4.10.3 (paging-structure caches).
 * <p><b>Leaves out:</b> split instruction and data TLBs, large pages held as several smaller entries.
 * <p><b>Lock rules:</b> none; only the thread that drives the CPU, or runs an interrupt for it while it is idle,
 * touches its caches.
 * <p><b>Flush rules:</b> nothing here looks at an entry in memory again; whoever changes one invalidates.
 * <p><b>Entry points:</b> {@link dev.cowtable.mmu.tlb.TlbPolicy},
 * {@link dev.cowtable.mmu.tlb.TlbGeometry}; the rest serves the CPU.
 */
@NullMarked
package dev.cowtable.mmu.tlb;

import org.jspecify.annotations.NullMarked;
