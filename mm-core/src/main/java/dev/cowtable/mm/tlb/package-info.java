/**
 * TLB flushing: which CPUs run an mm, what is owed to them, and the batching of frees behind one flush.
 *
 * <h2>Models</h2> mm_cpumask, flush_tlb_mm_range() with its IPIs, struct mmu_gather, tlb_flush_pending.
 * <h2>Leaves out</h2> PCIDs, lazy TLB mode, INVLPGB, deferred batches of reclaim.
 * <h2>Lock rules</h2> a flush waits for other CPUs and needs interrupts enabled; it may be done under spin locks.
 * <h2>Flush rules</h2> a {@link dev.cowtable.mm.tlb.FlushDebt} is owed when rights go, a mapping goes or a non-leaf entry points elsewhere; it is
 * settled before frames or tables are freed and before a share of a table is dropped. A raise of rights owes nothing.
 * <h2>Entry points</h2> {@link dev.cowtable.mm.tlb.TlbFlush}, {@link dev.cowtable.mm.tlb.MmuGather}.
 */
@NullMarked
package dev.cowtable.mm.tlb;

import org.jspecify.annotations.NullMarked;
