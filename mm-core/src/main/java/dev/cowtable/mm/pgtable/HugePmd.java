package dev.cowtable.mm.pgtable;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Huge pages as opaque 2 MiB entries of recorded processes: installed, copied at fork and unmapped whole.
 *
 * <p>Mirrors: copy_huge_pmd(), zap_huge_pmd() (mm/huge_memory.c).
 * <p>Locks: lock of the PMD table.
 * <p>Differs: no fault, no split; the deposited PTE table is accounted (VmPTE counts it) without a page of its own. Pinned huge pages do not
 * occur, as nothing can look one up.
 */
public final class HugePmd {
    private static final int ORDER = 9;
    private static final long PAGES = 1L << ORDER;

    private HugePmd() {
    }

    /** Maps a fresh huge anonymous page; false if there is no memory. */
    public static boolean install(Kernel kernel, Cpu cpu, VmAreaStruct vma, long vaddr) {
        MmStruct mm = vma.mm();
        long pmdPaddr = kernel.pageTables().pmdAlloc(cpu, mm, vaddr);
        long pfn =
                pmdPaddr == PageTables.NO_ENTRY ? PageAllocator.NO_PAGE : kernel.pageAllocator().allocPages(cpu, ORDER);
        if (pfn == PageAllocator.NO_PAGE) {
            return false;
        }
        MemMap memMap = kernel.memMap();
        memMap.initFlags(pfn, PageFlags.ANON | PageFlags.SWAPBACKED | PageFlags.ANON_EXCLUSIVE | PageFlags.HEAD);
        memMap.mapcountAdd(cpu, pfn, 1);
        PtDesc pmdTable = kernel.pageTables().descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        long pmd = Pte.mkdirty(Pte.make(pfn, vma.pageProt())) | Entry.PS;
        cpu.memory().write(pmdPaddr, VmFlags.maybeMkwrite(pmd, vma.flags()));
        pmdTable.ptl().unlock(cpu);
        mm.addTables(1, 1);
        mm.addRss(Rss.ANONPAGES, PAGES);
        return true;
    }

    /** Gives the child the parent's huge page, write-protected on both sides. */
    public static void copy(Kernel kernel, Cpu cpu, MmStruct child, long dstPmdPaddr, long srcPmdPaddr, long vaddr,
            FlushDebt debt) {
        PtDesc dst = kernel.pageTables().descOfEntryAt(dstPmdPaddr);
        PtDesc src = kernel.pageTables().descOfEntryAt(srcPmdPaddr);
        dst.ptl().lock(cpu);
        src.ptl().lockNested(cpu);
        long pmd = cpu.memory().read(srcPmdPaddr);
        MemMap memMap = kernel.memMap();
        memMap.pageRefAdd(cpu, Pte.pfn(pmd), 1);
        memMap.clearFlag(cpu, Pte.pfn(pmd), PageFlags.ANON_EXCLUSIVE);
        memMap.mapcountAdd(cpu, Pte.pfn(pmd), 1);
        if (Pte.isWritable(pmd)) {
            cpu.memory().fetchAndAnd(srcPmdPaddr, ~Entry.RW);
            debt.owe(vaddr, vaddr + PageTables.PMD_BYTES);
        }
        cpu.memory().write(dstPmdPaddr, Pte.wrprotect(pmd));
        child.addTables(1, 1);
        child.addRss(Rss.ANONPAGES, PAGES);
        src.ptl().unlock(cpu);
        dst.ptl().unlock(cpu);
    }

    /** Unmaps a huge page whole. */
    public static void zap(Kernel kernel, Cpu cpu, MmuGather tlb, long pmdPaddr, long start, long end) {
        if (end - start != PageTables.PMD_BYTES) {
            throw new UnsupportedOperationException("a part of an opaque huge page is unmapped");
        }
        PtDesc pmdTable = kernel.pageTables().descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        long pmd = cpu.memory().exchange(pmdPaddr, 0);
        pmdTable.ptl().unlock(cpu);
        tlb.debt().owe(start, end);
        kernel.memMap().mapcountAdd(cpu, Pte.pfn(pmd), -1);
        tlb.removePage(Pte.pfn(pmd));
        tlb.mm().addRss(Rss.ANONPAGES, -PAGES);
        tlb.mm().addTables(1, -1);
    }
}
