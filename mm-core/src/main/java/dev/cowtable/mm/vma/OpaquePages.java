package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.HugePmd;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Puts entries of a recorded process into its tables that no fault of this kernel can make: page-cache pages, swapped pages, huge pages.
 *
 * <p>They have counts and follow fork's and unmap's rules, and no contents. Each method answers false if there is no memory.
 * <p>Locks: takes page-table locks; the process runs nowhere yet.
 */
public final class OpaquePages {
    private final Kernel kernel;

    public OpaquePages(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Maps a page of the VMA's file, read-only in a private mapping. */
    public boolean installFilePage(Cpu cpu, VmAreaStruct vma, long vaddr) {
        PtDesc table = lockedTable(cpu, vma.mm(), vaddr);
        if (table == null) {
            return false;
        }
        long pfn = kernel.pageAllocator().allocPage(cpu);
        if (pfn != PageAllocator.NO_PAGE) {
            FileMapping file = vma.file();
            boolean shmem = file != null && file.shmem();
            MemMap memMap = kernel.memMap();
            memMap.initFlags(pfn, shmem ? PageFlags.SHMEM | PageFlags.SWAPBACKED : PageFlags.FILE);
            memMap.mapcountAdd(cpu, pfn, 1);
            vma.mm().addRss(shmem ? Rss.SHMEMPAGES : Rss.FILEPAGES, 1);
            cpu.memory().write(PageTables.ptePaddr(table, vaddr), Pte.make(pfn, vma.pageProt()));
        }
        table.ptl().unlock(cpu);
        return pfn != PageAllocator.NO_PAGE;
    }

    /** Puts a swap entry whose slot has this one user. */
    public boolean installSwapEntry(Cpu cpu, VmAreaStruct vma, long vaddr) {
        PtDesc table = lockedTable(cpu, vma.mm(), vaddr);
        if (table == null) {
            return false;
        }
        long entry = SwpEntry.make(0, kernel.swapMap().allocSlot(cpu)) | SwpEntry.EXCLUSIVE;
        cpu.memory().write(PageTables.ptePaddr(table, vaddr), entry);
        vma.mm().addRss(Rss.SWAPENTS, 1);
        table.ptl().unlock(cpu);
        return true;
    }

    /** Maps a 2 MiB anonymous page at an aligned address. */
    public boolean installHugePage(Cpu cpu, VmAreaStruct vma, long vaddr) {
        return HugePmd.install(kernel, cpu, vma.mm(), vaddr, vma.pageProt());
    }

    private @Nullable PtDesc lockedTable(Cpu cpu, MmStruct mm, long vaddr) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdAlloc(cpu, mm, vaddr);
        if (pmdPaddr == PageTables.NO_ENTRY || !tables.pteAlloc(cpu, mm, pmdPaddr)) {
            return null;
        }
        PtDesc table = tables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.OTHER);
        return table == PtDesc.NO_MEMORY ? null : table;
    }
}
