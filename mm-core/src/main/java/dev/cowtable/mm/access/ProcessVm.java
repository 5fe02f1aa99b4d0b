package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * process_vm_readv() and process_vm_writev(): short pins on the pages of another process, within its rights.
 *
 * <p>A read makes a shared anonymous page exclusive first, as every pin does; the faults count for the caller.
 *
 * <p>Mirrors: process_vm_rw_single_vec() (mm/process_vm_access.c).
 * <p>Locks: takes mmap_lock of the target for reading.
 * <p>Differs: one byte at a time.
 */
public final class ProcessVm {
    private static final int FLAGS = FollFlags.PIN | FollFlags.TOUCH | FollFlags.REMOTE;

    private final GupStrategy gup;
    private final ForeignPages pages;

    public ProcessVm(Kernel kernel) {
        this.gup = kernel.gupStrategy();
        this.pages = new ForeignPages(kernel);
    }

    /** The byte at {@code vaddr}, or -EFAULT. */
    public int readv(Cpu cpu, MmStruct target, long vaddr) {
        long[] pfn = new long[1];
        if (gup.getUserPages(cpu, target, vaddr & -4096L, 1, FLAGS, pfn) != 1) {
            return Errno.EFAULT.code();
        }
        int value = ForeignPages.readByte(cpu, pfn[0], vaddr);
        gup.unpinUserPages(cpu, pfn, 1);
        return value;
    }

    /** 0 or -EFAULT. */
    public int writev(Cpu cpu, MmStruct target, long vaddr, int value) {
        long[] pfn = new long[1];
        if (gup.getUserPages(cpu, target, vaddr & -4096L, 1, FLAGS | FollFlags.WRITE, pfn) != 1) {
            return Errno.EFAULT.code();
        }
        ForeignPages.writeByte(cpu, pfn[0], vaddr, value);
        pages.setPageDirtyLock(cpu, pfn[0]);
        gup.unpinUserPages(cpu, pfn, 1);
        return 0;
    }
}
