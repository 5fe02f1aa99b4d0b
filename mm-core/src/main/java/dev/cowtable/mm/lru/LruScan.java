package dev.cowtable.mm.lru;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.function.LongConsumer;

/**
 * The LRU lists as reclaim scans them: pages are taken off the old end in lots and given back without a batch.
 *
 * <p>Mirrors: isolate_lru_folios(), move_folios_to_lru() (mm/vmscan.c).
 * <p>Locks: takes lru_lock.
 */
public final class LruScan {
    private final Kernel kernel;
    private final MemMap memMap;
    private final LruLists lists;

    LruScan(Kernel kernel, LruLists lists) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.lists = lists;
    }

    /** Isolates up to {@code max} pages from the old end of a list into {@code pfns}, each with a reference; answers how many. */
    public int isolateLruFolios(Cpu cpu, LruList list, long[] pfns, int max) {
        int taken = 0;
        lists.lock(cpu);
        long pfn = lists.last(list.ordinal());
        while (pfn >= 0 && taken < max && tryIsolate(cpu, pfn)) {
            pfns[taken++] = pfn;
            pfn = lists.last(list.ordinal());
        }
        lists.unlock(cpu);
        return taken;
    }

    /** False if someone else frees or isolates the page just now; he waits for lru_lock. */
    private boolean tryIsolate(Cpu cpu, long pfn) {
        if (!memMap.testFlag(pfn, PageFlags.LRU) || !memMap.pageRefAddUnlessZero(cpu, pfn, 1)) {
            return false;
        }
        if (!memMap.testAndClearFlag(pfn, PageFlags.LRU)) {
            memMap.pageRefSubAndTest(cpu, pfn, 1);
            return false;
        }
        lists.del(pfn);
        return true;
    }

    /**
     * Gives isolated pages back to the young ends of their lists and drops the references; {@code pfns} is overwritten. Pages that were
     * mlocked meanwhile go through a batch.
     */
    public void moveFoliosToLru(Cpu cpu, long[] pfns, int count) {
        lists.lock(cpu);
        for (int i = 0; i < count; i++) {
            if (memMap.testFlag(pfns[i], PageFlags.MLOCKED)) {
                pfns[i] = ~pfns[i];
            } else {
                memMap.testAndSetFlag(pfns[i], PageFlags.LRU);
                lists.add(pfns[i]);
            }
        }
        lists.unlock(cpu);
        for (int i = 0; i < count; i++) {
            if (pfns[i] < 0) {
                kernel.lru().folioPutbackLru(cpu, ~pfns[i]);
            } else {
                kernel.putPage(cpu, pfns[i]);
            }
        }
    }

    /** Number of pages on a list. */
    public long count(LruList list) {
        return lists.count(list.ordinal());
    }

    /** Gives every page of a list to {@code visitor}, oldest first; those of {@link LruList#UNEVICTABLE} are on none. */
    public void forEach(LruList list, LongConsumer visitor) {
        for (long pfn = lists.last(list.ordinal()); pfn >= 0; pfn = lists.before(list.ordinal(), pfn)) {
            visitor.accept(pfn);
        }
    }
}
