package dev.cowtable.mm.reclaim;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.rmap.FolioReferenced;
import dev.cowtable.mm.rmap.TryToUnmap;
import dev.cowtable.mm.swap.Swap;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Tries to free pages that were taken off the LRU, one after the other: a slot in swap, away from all mappers, written, freed.
 *
 * <p>Each stage can find that the page is better kept. What it has got by then it keeps: a page in the swap cache that could not be unmapped
 * everywhere stays in the swap cache.
 *
 * <p>Mirrors: shrink_folio_list() (mm/vmscan.c).
 * <p>Locks: an isolation reference on each page is the caller's; takes the folio lock, rmap locks and ptl.
 * <p>Leaves out: files on a disk, whose dirty pages are left to others; batches of TLB flushes.
 */
final class ShrinkFolioList {
    private final Kernel kernel;
    private final MemMap memMap;
    private final TryToUnmap tryToUnmap;

    ShrinkFolioList(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.tryToUnmap = new TryToUnmap(kernel);
    }

    /** What becomes of a page. */
    private enum Verdict {
        /** Nobody knows the page any more; its count is 0. */
        FREE,
        /** It goes back to the list it came from. */
        KEEP,
        /** It goes to the active list. */
        ACTIVATE,
        /** Not decided yet. */
        GO_ON
    }

    /**
     * Frees what can be freed and leaves the rest at the beginning of {@code pfns}, still isolated.
     *
     * @param ignoreReferences true to take pages that were used recently as well
     * @return number of pages left
     */
    int shrink(Cpu cpu, long[] pfns, int count, boolean ignoreReferences) {
        int left = 0;
        for (int i = 0; i < count; i++) {
            long pfn = pfns[i];
            if (memMap.folioTrylock(cpu, pfn)) {
                Verdict verdict = shrinkLocked(cpu, pfn, ignoreReferences);
                if (verdict == Verdict.FREE) {
                    memMap.folioUnlock(cpu, pfn);
                    kernel.pageAllocator().freePage(cpu, pfn);
                    continue;
                }
                if (verdict == Verdict.ACTIVATE) {
                    activate(cpu, pfn);
                }
                memMap.folioUnlock(cpu, pfn);
            }
            pfns[left++] = pfn;
        }
        return left;
    }

    private Verdict shrinkLocked(Cpu cpu, long pfn, boolean ignoreReferences) {
        int flags = memMap.flags(cpu, pfn);
        if ((flags & PageFlags.HWPOISON) != 0) {
            return Verdict.KEEP;
        }
        if ((flags & (PageFlags.MLOCKED | PageFlags.WRITEBACK)) != 0) {
            return Verdict.ACTIVATE;
        }
        Verdict verdict = ignoreReferences ? Verdict.GO_ON : checkReferences(cpu, pfn);
        if (verdict == Verdict.GO_ON) {
            verdict = addToSwap(cpu, pfn, flags);
        }
        if (verdict == Verdict.GO_ON) {
            verdict = unmap(cpu, pfn);
        }
        if (verdict == Verdict.GO_ON && memMap.testFlag(pfn, PageFlags.DIRTY)) {
            verdict = pageout(cpu, pfn);
        }
        return verdict == Verdict.GO_ON ? remove(cpu, pfn) : verdict;
    }

    /**
     * A page used through several entries, or for the second time, is active; one used once is looked at again on its next round.
     *
     * <p>Mirrors: folio_check_references().
     */
    private Verdict checkReferences(Cpu cpu, long pfn) {
        FolioReferenced question = new FolioReferenced(kernel);
        int users = question.referenced(cpu, pfn);
        boolean before = memMap.testAndClearFlag(pfn, PageFlags.REFERENCED);
        if (question.vmaHas(VmFlags.LOCKED)) {
            return Verdict.ACTIVATE;
        }
        boolean fileLru = !memMap.testFlag(pfn, PageFlags.SWAPBACKED);
        if (users == 0) {
            boolean dirtyFile = before && fileLru && memMap.testFlag(pfn, PageFlags.DIRTY);
            return dirtyFile ? Verdict.KEEP : Verdict.GO_ON;
        }
        memMap.setFlag(cpu, pfn, PageFlags.REFERENCED);
        boolean program = fileLru && question.vmaHas(VmFlags.EXEC);
        return before || users > 1 || program ? Verdict.ACTIVATE : Verdict.KEEP;
    }

    /** An anonymous page needs a slot, unless it may be dropped; one that a device may be writing to is not swapped. */
    private Verdict addToSwap(Cpu cpu, long pfn, int flags) {
        int swappable = PageFlags.ANON | PageFlags.SWAPBACKED;
        if ((flags & (swappable | PageFlags.SWAPCACHE)) != swappable) {
            return Verdict.GO_ON;
        }
        if (memMap.folioMaybeDmaPinned(cpu, pfn)) {
            return Verdict.KEEP;
        }
        return kernel.swap().folioAllocSwap(cpu, pfn) ? Verdict.GO_ON : Verdict.ACTIVATE;
    }

    private Verdict unmap(Cpu cpu, long pfn) {
        if (memMap.mapcount(pfn) != 0) {
            tryToUnmap.tryToUnmap(cpu, pfn, 0);
        }
        return memMap.mapcount(pfn) != 0 || memMap.folioMaybeDmaPinned(cpu, pfn) ? Verdict.ACTIVATE : Verdict.GO_ON;
    }

    /** Mirrors: pageout(). A page that someone else has a reference on is not worth writing. */
    private Verdict pageout(Cpu cpu, long pfn) {
        int flags = memMap.flags(cpu, pfn);
        if ((flags & PageFlags.SWAPBACKED) == 0) {
            return Verdict.ACTIVATE;
        }
        if (memMap.pageRefCount(cpu, pfn) != 2) {
            return Verdict.KEEP;
        }
        memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        Swap.Written written = (flags & PageFlags.SWAPCACHE) != 0 ? kernel.swap().writeout(cpu, pfn)
                : kernel.shmem().swap().writeout(cpu, pfn);
        if (written == null) {
            return Verdict.ACTIVATE;
        }
        return written == Swap.Written.DONE && !memMap.testFlag(pfn, PageFlags.DIRTY) ? Verdict.GO_ON : Verdict.KEEP;
    }

    /** Takes the last references away if they are the cache's and ours: __remove_mapping(). */
    private Verdict remove(Cpu cpu, long pfn) {
        int flags = memMap.flags(cpu, pfn);
        boolean removed;
        if ((flags & PageFlags.SWAPCACHE) != 0) {
            removed = kernel.swap().removeMapping(cpu, pfn);
        } else if ((flags & PageFlags.ANON) != 0) {
            removed = (flags & PageFlags.SWAPBACKED) == 0 && memMap.pageRefFreeze(cpu, pfn, 1);
        } else {
            removed = kernel.shmem().removeMapping(cpu, pfn);
        }
        return removed ? Verdict.FREE : Verdict.KEEP;
    }

    private void activate(Cpu cpu, long pfn) {
        int flags = memMap.flags(cpu, pfn);
        boolean mlocked = (flags & PageFlags.MLOCKED) != 0;
        if ((flags & PageFlags.SWAPCACHE) != 0 && (mlocked || kernel.swap().isFull())) {
            kernel.swap().folioFreeSwap(cpu, pfn);
        }
        if (!mlocked) {
            memMap.setFlag(cpu, pfn, PageFlags.ACTIVE);
        }
    }
}
