package dev.cowtable.mmu.event;

/**
 * Is told what the paging units of a machine do, each method on the thread that drives the CPU in question.
 *
 * <p>A method must not touch the machine. Hits of the TLB are not told.
 */
public interface MmuListener {
    /** A walk has read the entry at the level, 1 for a PTE. */
    default void walkStep(int cpu, int level, long entryPaddr, long entry) {
    }

    /** A or D was set: the entry before and after. */
    default void flagsSet(int cpu, int level, long entryPaddr, long before, long after) {
    }

    /** The TLB took a translation (see {@link dev.cowtable.mmu.tlb.Translation}). */
    default void tlbFilled(int cpu, int pcid, long vaddr, long translation) {
    }

    /** The TLB gave up the page of the level to make room. */
    default void tlbEvicted(int cpu, int pcid, long vaddr, int level) {
    }

    /** A paging-structure cache took the step down to a table; its level is that of the entry used. */
    default void structureFilled(int cpu, int pcid, long vaddr, long translation) {
    }

    /** Translations were dropped; the address and the PCID are those of the operation, 0 where it has none. */
    default void invalidated(int cpu, Invalidation cause, int pcid, long vaddr) {
    }

    /** An access ends with this {@link dev.cowtable.mmu.entry.Fault}. */
    default void faulted(int cpu, long vaddr, long fault) {
    }

    default void ipiSent(int from, int to) {
    }

    /** The target begins to run the handler. */
    default void ipiDelivered(int from, int to) {
    }

    /** The target has run the handler. */
    default void ipiAcknowledged(int from, int to) {
    }
}
