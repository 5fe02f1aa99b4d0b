package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.VmFault;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Faults pages in before they are used.
 *
 * <p>A page counts as there if its entry allows the access; else one fault is taken and the entry looked at again, as get_user_pages() does
 * that returns no pages.
 *
 * <p>Mirrors: __mm_populate(), populate_vma_page_range(), faultin_page_range() (mm/gup.c).
 */
final class Populate {
    private final Kernel kernel;

    Populate(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * Populates every VMA of a range, holes left out: for mlock, MAP_LOCKED and MAP_POPULATE.
     *
     * <p>Locks: takes mmap_lock for reading.
     *
     * @param ignoreErrors go on with the next VMA
     * @return 0, -EFAULT or -ENOMEM
     */
    int mmPopulate(Cpu cpu, MmStruct mm, long start, long end, boolean ignoreErrors) {
        mm.mmapLock().downRead(cpu);
        int error = 0;
        VmAreaStruct vma = mm.findVma(start);
        while (vma != null && vma.start() < end) {
            if (!vma.has(VmFlags.IO | VmFlags.PFNMAP)) {
                error = populateVma(cpu, vma, Math.max(start, vma.start()), Math.min(end, vma.end()));
                if (error != 0 && !ignoreErrors) {
                    break;
                }
            }
            vma = mm.findVma(vma.end());
        }
        mm.mmapLock().upRead(cpu);
        return ignoreErrors ? 0 : error;
    }

    /**
     * Populates part of one VMA: with write intent where the mapping is private and writable, so that COW is broken now.
     *
     * <p>Locks: mmap_lock.
     */
    int populateVma(Cpu cpu, VmAreaStruct vma, long start, long end) {
        if (vma.has(VmFlags.LOCKONFAULT)) {
            return 0;
        }
        boolean write = (vma.flags() & (VmFlags.WRITE | VmFlags.SHARED)) == VmFlags.WRITE;
        if (!vma.has(VmFlags.ACCESS_FLAGS)) {
            return Errno.EFAULT.code();
        }
        int error = faultin(cpu, vma, start, end, write);
        kernel.lru().lruAddDrain(cpu);
        return error;
    }

    /**
     * MADV_POPULATE_READ and MADV_POPULATE_WRITE: page by page up to the first that can not be had.
     *
     * <p>Locks: mmap_lock.
     *
     * @return 0; -ENOMEM at a hole or without memory; -EINVAL if the VMA does not permit it; -EFAULT for what would be a signal
     */
    int faultinPageRange(Cpu cpu, MmStruct mm, long start, long end, boolean write) {
        long at = start;
        int error = 0;
        while (at < end && error == 0) {
            VmAreaStruct vma = mm.vmaLookup(at);
            if (vma == null) {
                error = Errno.ENOMEM.code();
                break;
            }
            long to = Math.min(end, vma.end());
            boolean permitted = !vma.has(VmFlags.IO | VmFlags.PFNMAP)
                    && vma.has(write ? VmFlags.WRITE : VmFlags.READ);
            error = permitted ? faultin(cpu, vma, at, to, write) : Errno.EINVAL.code();
            at = to;
        }
        kernel.lru().lruAddDrain(cpu);
        return error;
    }

    private int faultin(Cpu cpu, VmAreaStruct vma, long start, long end, boolean write) {
        int error = 0;
        for (long at = start; at < end && error == 0; at += 4096) {
            while (error == 0 && !isThere(cpu, vma.mm(), at, write)) {
                error = errorOf(kernel.fault().handleMmFault(cpu, vma, at, write ? VmFault.FLAG_WRITE : 0));
            }
        }
        return error;
    }

    private static int errorOf(int result) {
        if ((result & VmFault.OOM) != 0) {
            return Errno.ENOMEM.code();
        }
        if ((result & VmFault.HWPOISON) != 0) {
            return Errno.EHWPOISON.code();
        }
        return (result & VmFault.ERROR) != 0 ? Errno.EFAULT.code() : 0;
    }

    private boolean isThere(Cpu cpu, MmStruct mm, long vaddr, boolean write) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdOffset(cpu, mm, vaddr);
        if (pmdPaddr == PageTables.NO_ENTRY) {
            return false;
        }
        long pmd = cpu.memory().read(pmdPaddr);
        if (PageTables.isLeaf(pmd)) {
            return !write || Pte.isWritable(pmd);
        }
        PtDesc table = tables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            return false;
        }
        long pte = cpu.memory().read(PageTables.ptePaddr(table, vaddr));
        boolean there = Pte.isPresent(pte) && (!write || Pte.isWritable(pte) && !table.isShared());
        if (there && !Pte.isSpecial(pte)) {
            touch(cpu, pte, write);
        }
        table.ptl().unlock(cpu);
        return there;
    }

    /** Marks the page accessed, and dirty if it will be written and the entry does not say so: FOLL_TOUCH. */
    private void touch(Cpu cpu, long pte, boolean write) {
        long pfn = Pte.pfn(pte);
        if (write && !Pte.isDirty(pte) && !kernel.memMap().testFlag(pfn, PageFlags.DIRTY)) {
            kernel.memMap().setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        kernel.lru().folioMarkAccessed(cpu, pfn);
    }
}
