package dev.cowtable.mm.reclaim;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;

/**
 * MADV_COLD, MADV_PAGEOUT and MADV_FREE on the part of one VMA; each returns 0 or a negative errno.
 *
 * <p>COLD and PAGEOUT leave alone what others map too and what is on no LRU list, so no entry that another process sees is touched and no
 * shared table is broken for them.
 *
 * <p>Mirrors: madvise_cold(), madvise_pageout(), madvise_free_single_vma() (mm/madvise.c).
 * <p>Locks: mmap_lock or the VMA's lock for reading; takes ptl, and what reclaim takes.
 */
public final class MadvisePages {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final MemMap memMap;
    private final MadviseFree madviseFree;

    public MadvisePages(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.memMap = kernel.memMap();
        this.madviseFree = new MadviseFree(kernel);
    }

    /** Makes pages look unused: A goes, and active pages become inactive. */
    public int cold(Cpu cpu, VmAreaStruct vma, long start, long end) {
        return coldOrPageout(cpu, vma, start, end, false);
    }

    /** Reclaims pages at once, used recently or not. */
    public int pageout(Cpu cpu, VmAreaStruct vma, long start, long end) {
        return coldOrPageout(cpu, vma, start, end, true);
    }

    /** Allows pages to be dropped instead of swapped until they are written again. */
    public int free(Cpu cpu, VmAreaStruct vma, long start, long end) {
        return madviseFree.free(cpu, vma, start, end);
    }

    private int coldOrPageout(Cpu cpu, VmAreaStruct vma, long start, long end, boolean pageout) {
        if (vma.has(VmFlags.LOCKED | VmFlags.PFNMAP | VmFlags.HUGETLB)) {
            return Errno.EINVAL.code();
        }
        kernel.lru().lruAddDrain(cpu);
        MmStruct mm = vma.mm();
        FlushDebt debt = new FlushDebt(mm);
        long[] isolated = new long[pageout ? Paging.ENTRIES : 0];
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end; at = pageTables.nextPopulatedPmd(cpu,
                mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            PtDesc table = pageTables.lockTable(cpu, pageTables.pmdOffset(cpu, mm, at));
            if (table == null) {
                continue;
            }
            int count = 0;
            if (pageout) {
                count = isolatePages(cpu, table, at, next, isolated);
            } else {
                coolPages(cpu, table, at, next, debt);
            }
            table.ptl().unlock(cpu);
            kernel.reclaim().reclaimPages(cpu, isolated, count);
        }
        kernel.tlbFlush().settleIfOwed(cpu, debt);
        return 0;
    }

    private int isolatePages(Cpu cpu, PtDesc table, long start, long end, long[] isolated) {
        int count = 0;
        FramePort entries = cpu.memory().frame(table.pfn());
        for (long at = start; at < end; at += 4096) {
            long pfn = soleMappedPage(entries.read(Paging.index(at, 1)));
            if (pfn == PageAllocator.NO_PAGE) {
                continue;
            }
            memMap.clearFlag(cpu, pfn, PageFlags.REFERENCED);
            if (kernel.lru().folioIsolateLru(cpu, pfn)) {
                if (memMap.testFlag(pfn, PageFlags.UNEVICTABLE)) {
                    kernel.lru().folioPutbackLru(cpu, pfn);
                } else {
                    isolated[count++] = pfn;
                }
            }
        }
        return count;
    }

    private void coolPages(Cpu cpu, PtDesc table, long start, long end, FlushDebt debt) {
        FramePort entries = cpu.memory().frame(table.pfn());
        for (long at = start; at < end; at += 4096) {
            int index = Paging.index(at, 1);
            long pte = entries.read(index);
            long pfn = soleMappedPage(pte);
            if (pfn == PageAllocator.NO_PAGE) {
                continue;
            }
            if (Pte.mkold(pte) != pte) {
                entries.fetchAndAnd(index, ~Entry.A);
                debt.owe(at, at + 4096);
            }
            memMap.clearFlag(cpu, pfn, PageFlags.REFERENCED);
            kernel.lru().folioDeactivate(cpu, pfn);
        }
    }

    /** The page of an entry, if this is its only mapping and it is on an LRU list. */
    private long soleMappedPage(long pte) {
        if (!Pte.isPresent(pte) || Pte.isSpecial(pte)) {
            return PageAllocator.NO_PAGE;
        }
        long pfn = Pte.pfn(pte);
        boolean taken = memMap.testFlag(pfn, PageFlags.LRU) && memMap.mapcount(pfn) == 1;
        return taken ? pfn : PageAllocator.NO_PAGE;
    }
}
