package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Maps frames that the memory management does not count, such as a device's, into a VMA of a driver.
 *
 * <p>Mirrors: remap_pfn_range() (mm/memory.c). The VMA has VM_PFNMAP and VM_IO; its entries are special.
 * <p>Locks: mmap_lock for writing; takes ptl.
 * <p>Flush: none, as the entries were none.
 */
public final class RemapPfnRange {
    /** What a driver's VMA has among its flags. */
    public static final long VMA_FLAGS = VmFlags.IO | VmFlags.PFNMAP | VmFlags.DONTEXPAND;

    private final Kernel kernel;

    public RemapPfnRange(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Maps {@code pages} frames from {@code pfn} on at {@code vaddr}; 0, or -ENOMEM or -EINVAL with what was done left in place. */
    public int remap(Cpu cpu, VmAreaStruct vma, long vaddr, long pfn, int pages) {
        long end = vaddr + pages * 4096L;
        vma.mm().mmapLock().assertHeldWrite();
        if (!vma.has(VmFlags.PFNMAP) || vaddr < vma.start() || end > vma.end()) {
            return Errno.EINVAL.code();
        }
        if (kernel.forkStrategy().breakTables(cpu, vma.mm(), vaddr, end, BreakIntent.OTHER) == BreakResult.NOMEM) {
            return Errno.ENOMEM.code();
        }
        for (long at = vaddr; at < end; at += 4096) {
            int error = insert(cpu, vma, at, pfn + (at - vaddr) / 4096);
            if (error != 0) {
                return error;
            }
        }
        return 0;
    }

    private int insert(Cpu cpu, VmAreaStruct vma, long vaddr, long pfn) {
        PageTables tables = kernel.pageTables();
        long pmdPaddr = tables.pmdAlloc(cpu, vma.mm(), vaddr);
        boolean made = pmdPaddr != PageTables.NO_ENTRY && tables.pteAlloc(cpu, vma.mm(), pmdPaddr);
        PtDesc table = made ? tables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.OTHER) : null;
        if (table == null || table == PtDesc.NO_MEMORY) {
            return Errno.ENOMEM.code();
        }
        cpu.memory().write(PageTables.ptePaddr(table, vaddr), Pte.mkspecial(Pte.make(pfn, vma.pageProt())));
        table.ptl().unlock(cpu);
        return 0;
    }
}
