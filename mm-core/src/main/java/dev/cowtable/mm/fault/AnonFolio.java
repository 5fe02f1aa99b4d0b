package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The large folio with which one write fault maps many pages of anonymous memory.
 *
 * <p>It fits if the naturally aligned range around the address lies in the VMA, nothing is mapped in it, and there is a block of memory.
 *
 * <p>Mirrors: alloc_anon_folio() and what do_anonymous_page() does with its folio (mm/memory.c), one size being enabled. The folio is on
 * no LRU list (see {@link dev.cowtable.mm.page}).
 */
final class AnonFolio {
    private final Kernel kernel;
    private final PageTables pageTables;

    AnonFolio(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
    }

    /**
     * The head of a folio of zeros for the range around an address, or {@link PageAllocator#NO_PAGE}: a small page is to be taken.
     *
     * <p>Locks: none; whether the range is empty is to be looked at again.
     */
    long alloc(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr) {
        int order = kernel.anonFolioOrder();
        if (order == 0 || !fits(cpu, vma, start(vaddr, order), order, pmdPaddr)) {
            return PageAllocator.NO_PAGE;
        }
        long head = kernel.pageAllocator().allocFolio(cpu, order);
        for (int i = 0; head != PageAllocator.NO_PAGE && i < 1 << order; i++) {
            cpu.memory().fillFrame(head + i, 0);
        }
        return head;
    }

    /** Where the range of a folio around an address begins. */
    static long start(long vaddr, int order) {
        return vaddr & -(4096L << order);
    }

    private boolean fits(Cpu cpu, VmAreaStruct vma, long start, int order, long pmdPaddr) {
        if (start < vma.start() || start + (4096L << order) > vma.end() || vma.has(VmFlags.UFFD_WP)) {
            return false;
        }
        PtDesc table = pageTables.desc(cpu.memory().read(pmdPaddr));
        return table != null && rangeIsNone(cpu, table, start, order);
    }

    /** Mirrors: pte_range_none(). */
    static boolean rangeIsNone(Cpu cpu, PtDesc table, long start, int order) {
        long ptePaddr = PageTables.ptePaddr(table, start);
        for (int i = 0; i < 1 << order; i++) {
            if (!Pte.isNone(cpu.memory().read(ptePaddr + i * 8L))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Maps a fresh folio whose first entry is {@code pte}; its one reference becomes one for each page.
     *
     * <p>Locks: ptl of the table, whose range is empty.
     */
    void map(Cpu cpu, VmAreaStruct vma, long start, PtDesc table, long pte, int order) {
        int pages = 1 << order;
        kernel.memMap().pageRefAdd(cpu, Pte.pfn(pte), pages - 1);
        vma.mm().addRss(Rss.ANONPAGES, pages);
        kernel.rmap().folioAddNewLargeAnonRmap(cpu, Pte.pfn(pte), vma, start);
        long ptePaddr = PageTables.ptePaddr(table, start);
        for (int i = 0; i < pages; i++) {
            cpu.memory().write(ptePaddr + i * 8L, pte + i * 4096L);
        }
    }
}
