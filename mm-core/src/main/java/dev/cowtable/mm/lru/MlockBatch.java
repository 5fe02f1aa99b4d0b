package dev.cowtable.mm.lru;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Empties the batch of folios that a locked VMA began or ceased to map.
 *
 * <p>MLOCKED is set when a folio enters the batch and cleared when the batch is emptied, as only then it is seen whether another locked
 * VMA maps it.
 *
 * <p>Mirrors: mlock_folio_batch() (mm/mlock.c).
 * <p>Locks: the local lock of the batch's CPU is held; takes lru_lock.
 */
final class MlockBatch {
    static final int UNLOCK = 0;
    /** A folio that is, or should be, on the LRU. */
    static final int LOCK = 1;
    /** A new folio, which this batch puts on the LRU. */
    static final int LOCK_NEW = 2;
    private static final int KIND_BITS = 2;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;

    private final Kernel kernel;
    private final MemMap memMap;
    private final LruLists lists;

    MlockBatch(Kernel kernel, LruLists lists) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.lists = lists;
    }

    static long entry(long pfn, int kind) {
        return pfn << KIND_BITS | kind;
    }

    static long pfn(long entry) {
        return entry >> KIND_BITS;
    }

    void applyAll(Cpu cpu, FolioBatch batch) {
        lists.lock(cpu);
        for (int i = 0; i < batch.count(); i++) {
            long pfn = pfn(batch.folio(i));
            switch ((int) batch.folio(i) & KIND_MASK) {
                case LOCK -> mlock(pfn);
                case LOCK_NEW -> mlockNew(pfn);
                default -> munlock(pfn);
            }
        }
        lists.unlock(cpu);
        for (int i = 0; i < batch.count(); i++) {
            kernel.putPage(cpu, pfn(batch.folio(i)));
        }
        batch.reinit();
    }

    private boolean isMlocked(long pfn) {
        return memMap.testFlag(pfn, PageFlags.MLOCKED);
    }

    private boolean isUnevictable(long pfn) {
        return memMap.testFlag(pfn, PageFlags.UNEVICTABLE);
    }

    /** Mirrors: __mlock_folio(). */
    private void mlock(long pfn) {
        if (!memMap.testAndClearFlag(pfn, PageFlags.LRU)) {
            return;
        }
        if (!isMlocked(pfn)) {
            rescue(pfn);
        } else if (isUnevictable(pfn)) {
            lists.setMlockCount(pfn, lists.mlockCount(pfn) + 1);
        } else {
            lists.del(pfn);
            memMap.testAndClearFlag(pfn, PageFlags.ACTIVE);
            memMap.testAndSetFlag(pfn, PageFlags.UNEVICTABLE);
            lists.setMlockCount(pfn, 1);
            lists.add(pfn);
        }
        memMap.testAndSetFlag(pfn, PageFlags.LRU);
    }

    /** Mirrors: __mlock_new_folio(). */
    private void mlockNew(long pfn) {
        if (isMlocked(pfn)) {
            memMap.testAndSetFlag(pfn, PageFlags.UNEVICTABLE);
            lists.setMlockCount(pfn, 1);
        }
        lists.add(pfn);
        memMap.testAndSetFlag(pfn, PageFlags.LRU);
    }

    /** Mirrors: __munlock_folio(). The count may be too low; then the folio is taken for unlocked, and reclaim finds out. */
    private void munlock(long pfn) {
        boolean isolated = memMap.testAndClearFlag(pfn, PageFlags.LRU);
        if (isolated && isUnevictable(pfn)) {
            long left = Math.max(0, lists.mlockCount(pfn) - 1);
            lists.setMlockCount(pfn, left);
            if (left != 0) {
                memMap.testAndSetFlag(pfn, PageFlags.LRU);
                return;
            }
        }
        memMap.testAndClearFlag(pfn, PageFlags.MLOCKED);
        if (isolated) {
            rescue(pfn);
            memMap.testAndSetFlag(pfn, PageFlags.LRU);
        }
    }

    /** A folio that nothing keeps from being evicted any more goes back to a list. */
    private void rescue(long pfn) {
        if (isUnevictable(pfn)) {
            lists.del(pfn);
            memMap.testAndClearFlag(pfn, PageFlags.UNEVICTABLE);
            lists.add(pfn);
        }
    }
}
