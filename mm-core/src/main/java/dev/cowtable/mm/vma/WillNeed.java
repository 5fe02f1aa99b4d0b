package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.filemap.ShmemSwapinRange;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * MADV_WILLNEED: brings swapped pages into the swap cache, without mapping them.
 *
 * <p>Mirrors: madvise_willneed(), swapin_walk_pmd_entry(), shmem_swapin_range() (mm/madvise.c).
 * <p>Locks: mmap_lock for reading; ptl for the look at one entry, none while a page is read.
 */
final class WillNeed {
    private final Kernel kernel;

    WillNeed(Kernel kernel) {
        this.kernel = kernel;
    }

    int advise(Cpu cpu, VmAreaStruct vma, long start, long end) {
        AddressSpace file = vma.file();
        if (file == null) {
            walkEntries(cpu, vma.mm(), start, end);
            kernel.lru().lruAddDrain(cpu);
        } else if (!file.isOpaque()) {
            ShmemSwapinRange.swapinRange(kernel, cpu, file, vma.linearPageIndex(start), vma.linearPageIndex(end));
        }
        return 0;
    }

    private void walkEntries(Cpu cpu, MmStruct mm, long start, long end) {
        PageTables tables = kernel.pageTables();
        long next;
        for (long at = tables.nextPopulatedPmd(cpu, mm, start, end); at < end;
                at = tables.nextPopulatedPmd(cpu, mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            long pmdPaddr = tables.pmdOffset(cpu, mm, at);
            for (long vaddr = at; vaddr < next; vaddr += 4096) {
                PtDesc table = tables.lockTable(cpu, pmdPaddr);
                if (table == null) {
                    break;
                }
                long pte = cpu.memory().read(PageTables.ptePaddr(table, vaddr));
                table.ptl().unlock(cpu);
                readAhead(cpu, pte);
            }
        }
    }

    private void readAhead(Cpu cpu, long pte) {
        if (SwpEntry.isSlot(pte)) {
            long pfn = kernel.swap().readSwapCache(cpu, SwpEntry.plain(pte));
            if (pfn != PageAllocator.NO_PAGE) {
                kernel.putPage(cpu, pfn);
            }
        }
    }
}
