package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The mincore() system call: which pages could be had without reading a device.
 *
 * <p>Mirrors: mm/mincore.c. A marker counts as nothing; nothing in a file mapping asks the page cache; a swap entry the swap cache.
 * <p>Locks: mmap_lock for reading; takes ptl. Changes nothing.
 */
final class Mincore {
    private final Kernel kernel;

    Mincore(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Writes 1 or 0 for each page.
     *
     * @return 0, or -ENOMEM if some of the range is not mapped; what lies before that was answered
     */
    int mincore(Cpu cpu, MmStruct mm, long start, long end, byte[] out) {
        mm.mmapLock().downRead(cpu);
        long at = start;
        int error = 0;
        while (at < end && error == 0) {
            VmAreaStruct vma = mm.vmaLookup(at);
            if (vma == null) {
                error = Errno.ENOMEM.code();
            } else {
                long to = Math.min(end, vma.end());
                for (; at < to; at += 4096) {
                    out[(int) ((at - start) >>> 12)] = (byte) (isIncore(cpu, vma, at) ? 1 : 0);
                }
            }
        }
        mm.mmapLock().upRead(cpu);
        return error;
    }

    private boolean isIncore(Cpu cpu, VmAreaStruct vma, long vaddr) {
        long pte = entry(cpu, vma.mm(), vaddr);
        if (pte == Pte.NONE || SwpEntry.isMarker(pte)) {
            AddressSpace file = vma.file();
            return file != null && kernel.shmem().isIncore(cpu, file, vma.linearPageIndex(vaddr));
        }
        return Pte.isPresent(pte) || !SwpEntry.isSlot(pte) || isInSwapCache(cpu, pte);
    }

    private boolean isInSwapCache(Cpu cpu, long entry) {
        long pfn = kernel.swap().swapCacheGet(cpu, entry);
        if (pfn == PageAllocator.NO_PAGE) {
            return false;
        }
        boolean uptodate = kernel.memMap().testFlag(pfn, PageFlags.UPTODATE);
        kernel.putPage(cpu, pfn);
        return uptodate;
    }

    private long entry(Cpu cpu, MmStruct mm, long vaddr) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdOffset(cpu, mm, vaddr);
        if (pmdPaddr == PageTables.NO_ENTRY) {
            return Pte.NONE;
        }
        long pmd = cpu.memory().read(pmdPaddr);
        if (PageTables.isLeaf(pmd)) {
            return pmd;
        }
        PtDesc table = tables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            return Pte.NONE;
        }
        long pte = cpu.memory().read(PageTables.ptePaddr(table, vaddr));
        table.ptl().unlock(cpu);
        return pte;
    }
}
