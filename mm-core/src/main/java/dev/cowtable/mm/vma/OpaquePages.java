package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
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
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Puts entries of a recorded process into its tables as they were found, those too that no fault of this kernel can make: page-cache
 * pages, swapped pages, huge pages, anonymous pages of a VMA that is no longer writable.
 *
 * <p>All but the anonymous ones of 4 KiB have counts and follow fork's and unmap's rules, and no contents. Each method answers false if
 * there is no memory.
 * <p>Locks: takes page-table locks; the process runs nowhere yet.
 */
public final class OpaquePages {
    private final Kernel kernel;

    public OpaquePages(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Maps an anonymous page that is the VMA's alone, all of whose words are {@code word}; the VMA has an anon_vma.
     *
     * <p>The entry is what a write fault made it, less the right to write where the VMA has lost that since.
     */
    public boolean installAnonPage(Cpu cpu, VmAreaStruct vma, long vaddr, long word) {
        long pfn = kernel.pageAllocator().allocPage(cpu);
        PtDesc table = pfn == PageAllocator.NO_PAGE ? null : lockedTable(cpu, vma.mm(), vaddr);
        if (table != null) {
            cpu.memory().fillFrame(pfn, word);
            vma.mm().addRss(Rss.ANONPAGES, 1);
            kernel.rmap().folioAddNewAnonRmap(cpu, pfn, vma, vaddr);
            kernel.lru().folioAddLruVma(cpu, pfn, vma);
            long entry = Pte.mkdirty(Pte.mkyoung(Pte.make(pfn, vma.pageProt())));
            cpu.memory().write(PageTables.ptePaddr(table, vaddr), VmFlags.maybeMkwrite(entry, vma.flags()));
            table.ptl().unlock(cpu);
        } else if (pfn != PageAllocator.NO_PAGE) {
            kernel.putPage(cpu, pfn);
        }
        return table != null;
    }

    /**
     * Maps a large folio of anonymous pages that are the VMA's alone, as {@link #installAnonPage} does a small one; the range is aligned and
     * empty. All words of each page are what {@code words} gives for it.
     */
    public boolean installAnonFolio(Cpu cpu, VmAreaStruct vma, long vaddr, int order, IntToLongFunction words) {
        long head = kernel.pageAllocator().allocFolio(cpu, order);
        PtDesc table = head == PageAllocator.NO_PAGE ? null : lockedTable(cpu, vma.mm(), vaddr);
        if (table != null) {
            int pages = 1 << order;
            kernel.memMap().pageRefAdd(cpu, head, pages - 1);
            vma.mm().addRss(Rss.ANONPAGES, pages);
            kernel.rmap().folioAddNewLargeAnonRmap(cpu, head, vma, vaddr);
            for (int i = 0; i < pages; i++) {
                cpu.memory().fillFrame(head + i, words.applyAsLong(i));
                long entry = Pte.mkdirty(Pte.mkyoung(Pte.make(head + i, vma.pageProt())));
                cpu.memory().write(PageTables.ptePaddr(table, vaddr + i * 4096L),
                        VmFlags.maybeMkwrite(entry, vma.flags()));
            }
            table.ptl().unlock(cpu);
        } else if (head != PageAllocator.NO_PAGE) {
            kernel.putPage(cpu, head);
        }
        return table != null;
    }

    /** Makes sure that the PTE table of an address exists: for an entry of a kind that is not modelled. */
    public boolean installTable(Cpu cpu, VmAreaStruct vma, long vaddr) {
        PtDesc table = lockedTable(cpu, vma.mm(), vaddr);
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        return table != null;
    }

    /** Maps a page of the VMA's file, read-only in a private mapping. */
    public boolean installFilePage(Cpu cpu, VmAreaStruct vma, long vaddr) {
        PtDesc table = lockedTable(cpu, vma.mm(), vaddr);
        if (table == null) {
            return false;
        }
        long pfn = kernel.pageAllocator().allocPage(cpu);
        if (pfn != PageAllocator.NO_PAGE) {
            AddressSpace file = vma.file();
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

    /** Puts a swap entry whose slot has this one user and holds zeros. */
    public boolean installSwapEntry(Cpu cpu, VmAreaStruct vma, long vaddr) {
        return installSwapEntry(cpu, vma, vaddr, 0);
    }

    /** Puts a swap entry whose slot has this one user and holds a page all of whose words are {@code word}. */
    public boolean installSwapEntry(Cpu cpu, VmAreaStruct vma, long vaddr, long word) {
        PtDesc table = lockedTable(cpu, vma.mm(), vaddr);
        if (table == null) {
            return false;
        }
        long entry = kernel.swap().installEntry(cpu, word) | SwpEntry.EXCLUSIVE;
        cpu.memory().write(PageTables.ptePaddr(table, vaddr), entry);
        vma.mm().addRss(Rss.SWAPENTS, 1);
        table.ptl().unlock(cpu);
        return true;
    }

    /** Maps a 2 MiB anonymous page at an aligned address; the VMA has an anon_vma. */
    public boolean installHugePage(Cpu cpu, VmAreaStruct vma, long vaddr) {
        return HugePmd.install(kernel, cpu, vma, vaddr);
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
