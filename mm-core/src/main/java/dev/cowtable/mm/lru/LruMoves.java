package dev.cowtable.mm.lru;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Empties the batches of folios that are to be added to a list or moved to another.
 *
 * <p>Mirrors: folio_batch_move_lru() and its move functions (mm/swap.c).
 * <p>Locks: the local lock of the batch's CPU is held; takes lru_lock.
 */
final class LruMoves {
    private final Kernel kernel;
    private final MemMap memMap;
    private final LruLists lists;

    LruMoves(Kernel kernel, LruLists lists) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.lists = lists;
    }

    /** Moves all folios of the batch under one hold of lru_lock, then drops the batch's references. */
    void moveAll(Cpu cpu, FolioBatch batch, CpuBatches.Move move) {
        lists.lock(cpu);
        for (int i = 0; i < batch.count(); i++) {
            long pfn = batch.folio(i);
            if (move == CpuBatches.Move.ADD || memMap.testAndClearFlag(pfn, PageFlags.LRU)) {
                move(pfn, move);
                memMap.testAndSetFlag(pfn, PageFlags.LRU);
            }
        }
        lists.unlock(cpu);
        putAll(cpu, batch);
    }

    private void putAll(Cpu cpu, FolioBatch batch) {
        for (int i = 0; i < batch.count(); i++) {
            kernel.putPage(cpu, batch.folio(i));
        }
        batch.reinit();
    }

    private void move(long pfn, CpuBatches.Move move) {
        switch (move) {
            case ADD -> lruAdd(pfn);
            case MOVE_TAIL -> lruMoveTail(pfn);
            case DEACTIVATE -> lruDeactivate(pfn);
            case LAZYFREE -> lruLazyfree(pfn);
            case ACTIVATE -> lruActivate(pfn);
        }
    }

    private void lruAdd(long pfn) {
        memMap.testAndClearFlag(pfn, PageFlags.UNEVICTABLE);
        if (memMap.testFlag(pfn, PageFlags.MLOCKED)) {
            memMap.testAndClearFlag(pfn, PageFlags.ACTIVE);
            memMap.testAndSetFlag(pfn, PageFlags.UNEVICTABLE);
            lists.setMlockCount(pfn, 0);
        }
        lists.add(pfn);
    }

    private void lruMoveTail(long pfn) {
        if (!memMap.testFlag(pfn, PageFlags.UNEVICTABLE)) {
            lists.del(pfn);
            memMap.testAndClearFlag(pfn, PageFlags.ACTIVE);
            lists.addTail(pfn);
        }
    }

    private void lruDeactivate(long pfn) {
        if ((memMap.flags(pfn) & (PageFlags.UNEVICTABLE | PageFlags.ACTIVE)) == PageFlags.ACTIVE) {
            lists.del(pfn);
            memMap.testAndClearFlag(pfn, PageFlags.ACTIVE | PageFlags.REFERENCED);
            lists.add(pfn);
        }
    }

    /** A lazily freed folio is one of a file's list from now on: clean, and nothing to swap. */
    private void lruLazyfree(long pfn) {
        if (mayBeLazyfree(memMap.flags(pfn))) {
            lists.del(pfn);
            memMap.testAndClearFlag(pfn, PageFlags.ACTIVE | PageFlags.REFERENCED | PageFlags.SWAPBACKED);
            lists.add(pfn);
        }
    }

    static boolean mayBeLazyfree(int flags) {
        int wanted = PageFlags.ANON | PageFlags.SWAPBACKED;
        return (flags & (wanted | PageFlags.SWAPCACHE | PageFlags.UNEVICTABLE)) == wanted;
    }

    private void lruActivate(long pfn) {
        if ((memMap.flags(pfn) & (PageFlags.ACTIVE | PageFlags.UNEVICTABLE)) == 0) {
            lists.del(pfn);
            memMap.testAndSetFlag(pfn, PageFlags.ACTIVE);
            lists.add(pfn);
        }
    }
}
