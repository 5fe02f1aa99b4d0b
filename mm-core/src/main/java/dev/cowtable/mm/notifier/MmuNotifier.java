package dev.cowtable.mm.notifier;

import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Someone who keeps translations of an mm of his own: a virtual machine's second-level tables, a device's MMU.
 *
 * <p>Between {@link #invalidateRangeStart} and {@link #invalidateRangeEnd} the entries of the range may change at any time, and
 * nothing of it may be looked up anew; what was kept of it is gone when the start returns.
 *
 * <p>Mirrors: struct mmu_notifier_ops (include/linux/mmu_notifier.h).
 * <p>Locks: called with mmap_lock, the VMA's lock or an rmap lock held, and no spin lock, but for {@link #clearFlushYoung} and
 * {@link #invalidateSecondaryTlbs}.
 */
public interface MmuNotifier {
    /** Why a range is invalidated: enum mmu_notifier_event. */
    enum Event {
        /** The mapping goes: munmap, mremap, exit. */
        UNMAP,
        /** Entries go, the mapping stays: MADV_DONTNEED, a copy on write, reclaim, migration. */
        CLEAR,
        /** All entries of a VMA lose or gain rights: mprotect. */
        PROTECTION_VMA,
        /** Single entries lose the right to write: fork. */
        PROTECTION_PAGE,
        SOFT_DIRTY
    }

    /** Drops what is kept of the range and keeps nothing new of it until the end. */
    void invalidateRangeStart(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, Event event);

    /** The entries of the range are what they will be. */
    default void invalidateRangeEnd(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, Event event) {
    }

    /** Forgets that the range was used; true if it was. Locks: ptl. */
    default boolean clearFlushYoung(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr) {
        return false;
    }

    /**
     * Drops what was cached of the CPU's own tables: for users that walk these instead of mirroring them.
     *
     * <p>Mirrors: arch_invalidate_secondary_tlbs. It comes with every TLB flush, that of a broken table included, which leaves all
     * translations as they are (dossier L8): who mirrors entries need not do anything.
     * <p>Locks: spin locks may be held.
     */
    default void invalidateSecondaryTlbs(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr) {
    }

    /** The address space ends: all that is kept goes and nothing is looked up any more. */
    default void release(Cpu cpu, MmStruct mm) {
    }
}
