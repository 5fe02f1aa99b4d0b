package dev.cowtable.mm.reclaim;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;

/**
 * MADV_FREE: pages may be dropped instead of swapped, until they are written again.
 *
 * <p>An entry loses A and D and stays writable, so that the next write shows in D alone, without a fault; the page itself stops being
 * backed by swap, for all who map it. Pages in swap go at once.
 *
 * <p>Mirrors: madvise_free_pte_range() (mm/madvise.c).
 * <p>Locks: mmap_lock or the VMA's lock for reading; takes ptl.
 * <p>Flush: owed for every entry that lost A or D, settled at the end.
 */
final class MadviseFree {
    private static final long POISONED_MARKER = SwpEntry.makeMarker(SwpEntry.MARKER_POISONED);

    private final Kernel kernel;
    private final PageTables pageTables;
    private final MemMap memMap;

    MadviseFree(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.memMap = kernel.memMap();
    }

    int free(Cpu cpu, VmAreaStruct vma, long start, long end) {
        MmStruct mm = vma.mm();
        if (!vma.isAnonymous() || vma.has(VmFlags.LOCKED | VmFlags.PFNMAP | VmFlags.HUGETLB)) {
            return Errno.EINVAL.code();
        }
        if (kernel.forkStrategy().breakTables(cpu, mm, start, end, BreakIntent.MADVISE) == BreakResult.NOMEM) {
            return Errno.EAGAIN.code();
        }
        kernel.lru().lruAddDrain(cpu);
        FlushDebt debt = new FlushDebt(mm);
        mm.notifiers().invalidateRangeStart(cpu, start, end, MmuNotifier.Event.CLEAR);
        int result = 0;
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end && result == 0;
                at = pageTables.nextPopulatedPmd(cpu, mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            result = freeTable(cpu, mm, at, next, debt);
        }
        kernel.tlbFlush().settleIfOwed(cpu, debt);
        mm.notifiers().invalidateRangeEnd(cpu, start, end, MmuNotifier.Event.CLEAR);
        return result;
    }

    private int freeTable(Cpu cpu, MmStruct mm, long start, long end, FlushDebt debt) {
        long pmdPaddr = pageTables.pmdOffset(cpu, mm, start);
        PtDesc table = pageTables.lockPrivate(cpu, mm, pmdPaddr, start, BreakIntent.MADVISE);
        if (table == null || table == PtDesc.NO_MEMORY) {
            return table == null ? 0 : Errno.EAGAIN.code();
        }
        FramePort entries = cpu.memory().frame(table.pfn());
        int swapped = 0;
        for (long at = start; at < end; at += 4096) {
            int index = Paging.index(at, 1);
            long pte = entries.read(index);
            if (!Pte.isPresent(pte)) {
                swapped += dropNonpresent(cpu, entries, index, pte);
            } else if (!Pte.isSpecial(pte) && mayBeCleaned(cpu, Pte.pfn(pte))) {
                freePage(cpu, entries, at, pte, debt);
            }
        }
        mm.addRss(Rss.SWAPENTS, -swapped);
        table.ptl().unlock(cpu);
        return 0;
    }

    /** Drops what a fault would only read in or report; markers of guard regions and migrations stay. Answers how many slots it left. */
    private int dropNonpresent(Cpu cpu, FramePort entries, int index, long entry) {
        boolean slot = SwpEntry.isSlot(entry);
        if (slot) {
            kernel.swap().freeSwapAndCache(cpu, entry);
        }
        if (slot || SwpEntry.isHwpoison(entry) || entry == POISONED_MARKER) {
            entries.write(index, Pte.NONE);
        }
        return slot ? 1 : 0;
    }

    /** True for a clean page; one in the swap cache, or marked dirty, must have no other mapper, and is cleaned. */
    private boolean mayBeCleaned(Cpu cpu, long pfn) {
        if ((memMap.flags(cpu, pfn) & (PageFlags.SWAPCACHE | PageFlags.DIRTY)) == 0) {
            return true;
        }
        if (!memMap.folioTrylock(cpu, pfn)) {
            return false;
        }
        boolean cached = (memMap.flags(cpu, pfn) & PageFlags.SWAPCACHE) != 0;
        boolean clean = memMap.mapcount(pfn) == 1 && (!cached || kernel.swap().folioFreeSwap(cpu, pfn));
        if (clean) {
            memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        }
        memMap.folioUnlock(cpu, pfn);
        return clean;
    }

    private void freePage(Cpu cpu, FramePort entries, long vaddr, long pte, FlushDebt debt) {
        if ((pte & (Entry.A | Entry.D)) != 0) {
            entries.fetchAndAnd(Paging.index(vaddr, 1), ~(Entry.A | Entry.D));
            debt.owe(vaddr, vaddr + 4096);
        }
        kernel.lru().folioMarkLazyfree(cpu, Pte.pfn(pte));
    }
}
