package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Reads and writes of {@code /proc/PID/mem}, which ignore the rights of the mapping as a debugger must.
 *
 * <p>A write into a private mapping that cannot be written breaks the sharing of the page and leaves the entry read-only; one into a
 * shared mapping that cannot be written fails. A read takes the page as it is: a plain reference makes nothing exclusive.
 *
 * <p>Mirrors: mem_rw() with access_remote_vm() and FOLL_FORCE (fs/proc/base.c, mm/memory.c).
 * <p>Locks: takes mmap_lock of the target for reading.
 * <p>Differs: one byte at a time.
 */
public final class ProcMem {
    private static final int FLAGS = FollFlags.GET | FollFlags.FORCE | FollFlags.TOUCH | FollFlags.REMOTE;

    private final GupStrategy gup;
    private final ForeignPages pages;

    public ProcMem(Kernel kernel) {
        this.gup = kernel.gupStrategy();
        this.pages = new ForeignPages(kernel);
    }

    /** The byte at {@code vaddr}, or -EIO. */
    public int read(Cpu cpu, MmStruct target, long vaddr) {
        long[] pfn = new long[1];
        if (gup.getUserPages(cpu, target, vaddr & -4096L, 1, FLAGS, pfn) != 1) {
            return Errno.EIO.code();
        }
        int value = ForeignPages.readByte(cpu, pfn[0], vaddr);
        gup.putUserPages(cpu, pfn, 1);
        return value;
    }

    /** 0 or -EIO. */
    public int write(Cpu cpu, MmStruct target, long vaddr, int value) {
        long[] pfn = new long[1];
        if (gup.getUserPages(cpu, target, vaddr & -4096L, 1, FLAGS | FollFlags.WRITE, pfn) != 1) {
            return Errno.EIO.code();
        }
        ForeignPages.writeByte(cpu, pfn[0], vaddr, value);
        pages.setPageDirtyLock(cpu, pfn[0]);
        gup.putUserPages(cpu, pfn, 1);
        return 0;
    }
}
