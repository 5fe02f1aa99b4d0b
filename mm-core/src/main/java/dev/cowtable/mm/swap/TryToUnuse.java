package dev.cowtable.mm.swap;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Brings back everything that an area holds, so that it can be turned off.
 *
 * <p>Each entry becomes a mapping that may not be written; a page is exclusive if its entry was. Where a shared table holds an entry, the
 * process gets a table of its own first.
 *
 * <p>Mirrors: try_to_unuse(), unuse_mm(), unuse_pte_range() (mm/swapfile.c).
 * <p>Locks: mmap_lock of one address space at a time for reading, the folio lock, then ptl.
 */
final class TryToUnuse {
    private final Kernel kernel;
    private final MemMap memMap;
    private final Swap swap;

    TryToUnuse(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.swap = kernel.swap();
    }

    /** 0 with no slot in use, -ENOMEM, or -EBUSY if nothing more can be brought back. What was brought back stays so. */
    int tryToUnuse(Cpu cpu, SwapInfo area) {
        long before = Long.MAX_VALUE;
        while (area.inUse() != 0) {
            if (area.inUse() >= before) {
                return Errno.EBUSY.code();
            }
            before = area.inUse();
            int error = swap.unuseShmem(cpu, area.type());
            for (MmStruct mm : kernel.mms()) {
                error = error != 0 ? error : unuseMm(cpu, area, mm);
            }
            if (error != 0) {
                return error;
            }
            freeCachedOnly(cpu, area);
        }
        return 0;
    }

    private int unuseMm(Cpu cpu, SwapInfo area, MmStruct mm) {
        mm.mmapLock().downRead(cpu);
        int error = 0;
        for (VmAreaStruct vma : mm.vmas()) {
            error = error != 0 || vma.anonVma() == null ? error : unuseVma(cpu, area, vma);
        }
        mm.mmapLock().upRead(cpu);
        return error;
    }

    private int unuseVma(Cpu cpu, SwapInfo area, VmAreaStruct vma) {
        PageTables tables = kernel.pageTables();
        MmStruct mm = vma.mm();
        long at = tables.nextPopulatedPmd(cpu, mm, vma.start(), vma.end());
        while (at < vma.end()) {
            long next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, vma.end());
            long pmdPaddr = tables.pmdOffset(cpu, mm, at);
            for (long vaddr = at; vaddr < next; vaddr += 4096) {
                long entry = entryAt(cpu, pmdPaddr, vaddr);
                if (SwpEntry.isSlot(entry) && SwpEntry.type(entry) == area.type()
                        && !unuseEntry(cpu, vma, pmdPaddr, vaddr, entry)) {
                    return Errno.ENOMEM.code();
                }
            }
            at = tables.nextPopulatedPmd(cpu, mm, next, vma.end());
        }
        return 0;
    }

    /** The entry, read without a lock. */
    private long entryAt(Cpu cpu, long pmdPaddr, long vaddr) {
        long pmd = cpu.memory().read(pmdPaddr);
        PtDesc table = PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd) : null;
        return table == null ? Pte.NONE : cpu.memory().read(PageTables.ptePaddr(table, vaddr));
    }

    /** False if there is no memory. */
    private boolean unuseEntry(Cpu cpu, VmAreaStruct vma, long pmdPaddr, long vaddr, long entry) {
        long pfn = swap.readSwapCache(cpu, entry);
        if (pfn == PageAllocator.NO_PAGE) {
            return swap.swapCount(entry) == 0;
        }
        memMap.folioLock(cpu, pfn);
        swap.waitOnWriteback(cpu, pfn);
        boolean granted = true;
        if (swap.folioMatches(cpu, pfn, entry)) {
            granted = unusePte(cpu, vma, pmdPaddr, vaddr, entry, pfn);
            swap.folioFreeSwap(cpu, pfn);
        }
        memMap.folioUnlock(cpu, pfn);
        kernel.putPage(cpu, pfn);
        return granted;
    }

    /** Mirrors: unuse_pte(). */
    private boolean unusePte(Cpu cpu, VmAreaStruct vma, long pmdPaddr, long vaddr, long entry, long pfn) {
        PtDesc table = kernel.pageTables().lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.OTHER);
        if (table == null || table == PtDesc.NO_MEMORY) {
            return table == null;
        }
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        if (cpu.memory().read(ptePaddr) == entry) {
            vma.mm().addRss(Rss.SWAPENTS, -1);
            vma.mm().addRss(Rss.ANONPAGES, 1);
            memMap.pageRefAdd(cpu, pfn, 1);
            kernel.rmap().folioAddAnonRmap(cpu, pfn, vma, vaddr, SwpEntry.isExclusive(entry));
            long pte = Pte.mkold(Pte.make(pfn, vma.pageProt()));
            pte |= (entry & SwpEntry.SOFT_DIRTY) != 0 ? Pte.SOFT_DIRTY : 0;
            cpu.memory().write(ptePaddr, (entry & SwpEntry.UFFD_WP) != 0 ? pte | Pte.UFFD_WP : pte);
            swap.swapFree(cpu, entry);
        }
        table.ptl().unlock(cpu);
        return true;
    }

    /** Pages that only the swap cache wants leave it. */
    private void freeCachedOnly(Cpu cpu, SwapInfo area) {
        for (long slot = 0; slot < area.slots(); slot++) {
            long pfn = area.cached(slot) == 0 ? PageAllocator.NO_PAGE
                    : swap.swapCacheGet(cpu, SwpEntry.make(area.type(), slot));
            if (pfn != PageAllocator.NO_PAGE) {
                memMap.folioLock(cpu, pfn);
                swap.waitOnWriteback(cpu, pfn);
                swap.folioFreeSwap(cpu, pfn);
                memMap.folioUnlock(cpu, pfn);
                kernel.putPage(cpu, pfn);
            }
        }
    }
}
