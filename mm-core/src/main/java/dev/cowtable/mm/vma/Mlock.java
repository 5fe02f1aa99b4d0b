package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;

/**
 * mlock(), mlock2() and munlock().
 *
 * <p>VMAs up to the first hole get the flag, the pages that they map are marked, and only if there was no hole the rest is faulted in.
 *
 * <p>Mirrors: mm/mlock.c.
 * <p>Locks: mmap_lock for writing while flags change; ptl while a table's pages are marked. Entries are read only, so no shared table is broken;
 * what is faulted in is broken by the faults.
 */
final class Mlock {
    private static final long LOCKED_MASK = VmFlags.LOCKED | VmFlags.LOCKONFAULT;

    private final Kernel kernel;
    private final VmaMerge merge;
    private final Populate populate;

    Mlock(Kernel kernel, VmaMerge merge, Populate populate) {
        this.kernel = kernel;
        this.merge = merge;
        this.populate = populate;
    }

    /** Mirrors: do_mlock(); a fault that fails is -ENOMEM, a lack of memory -EAGAIN. */
    int mlock(Cpu cpu, MmStruct mm, long start, long end, boolean onfault) {
        if (!mm.limits().canDoMlock()) {
            return Errno.EPERM.code();
        }
        mm.mmapWriteLock(cpu);
        long flags = VmFlags.LOCKED | (onfault ? VmFlags.LOCKONFAULT : 0);
        int error = mayLock(mm, start, end) ? applyVmaLockFlags(cpu, mm, start, end, flags) : Errno.ENOMEM.code();
        mm.mmapWriteUnlock(cpu);
        if (error != 0) {
            return error;
        }
        error = populate.mmPopulate(cpu, mm, start, end, false);
        return error == Errno.EFAULT.code() ? Errno.ENOMEM.code()
                : error == Errno.ENOMEM.code() ? Errno.EAGAIN.code() : error;
    }

    int munlock(Cpu cpu, MmStruct mm, long start, long end) {
        mm.mmapWriteLock(cpu);
        int error = applyVmaLockFlags(cpu, mm, start, end, 0);
        mm.mmapWriteUnlock(cpu);
        return error;
    }

    /** Pages that are locked already are not counted twice. */
    private static boolean mayLock(MmStruct mm, long start, long end) {
        long pages = (end - start) >>> 12;
        if (mm.limits().mayLock(mm.lockedVm() + pages)) {
            return true;
        }
        long already = 0;
        for (VmAreaStruct vma = mm.findVma(start); vma != null && vma.start() < end; vma = mm.findVma(vma.end())) {
            if (vma.has(VmFlags.LOCKED)) {
                already += (Math.min(end, vma.end()) - Math.max(start, vma.start())) >>> 12;
            }
        }
        return mm.limits().mayLock(mm.lockedVm() + pages - already);
    }

    private int applyVmaLockFlags(Cpu cpu, MmStruct mm, long start, long end, long lockFlags) {
        if (end <= start) {
            return end < start ? Errno.EINVAL.code() : 0;
        }
        long at = start;
        while (at < end) {
            VmAreaStruct vma = mm.vmaLookup(at);
            if (vma == null) {
                return Errno.ENOMEM.code();
            }
            long to = Math.min(vma.end(), end);
            if (!fixup(cpu, vma, at, to, vma.flags() & ~LOCKED_MASK | lockFlags)) {
                return Errno.ENOMEM.code();
            }
            at = to;
        }
        return 0;
    }

    /** Mirrors: mlock_fixup(); false if there are too many VMAs. */
    private boolean fixup(Cpu cpu, VmAreaStruct vma, long start, long end, long flags) {
        long old = vma.flags();
        if (flags == old || vma.has(VmFlags.SPECIAL | VmFlags.HUGETLB)) {
            return true;
        }
        MmStruct mm = vma.mm();
        VmAreaStruct changed = merge.modifyFlags(cpu, vma, start, end, flags);
        if (changed == null) {
            return false;
        }
        boolean was = (old & VmFlags.LOCKED) != 0;
        boolean is = (flags & VmFlags.LOCKED) != 0;
        if (was != is) {
            long pages = (end - start) >>> 12;
            mm.addLockedVm(is ? pages : -pages);
            mlockVmaPagesRange(cpu, mm, start, end, is);
        }
        return true;
    }

    /** Mirrors: mlock_vma_pages_range(). */
    private void mlockVmaPagesRange(Cpu cpu, MmStruct mm, long start, long end, boolean lock) {
        PageTables tables = kernel.pageTables();
        kernel.lru().lruAddDrain(cpu);
        long next;
        for (long at = tables.nextPopulatedPmd(cpu, mm, start, end); at < end;
                at = tables.nextPopulatedPmd(cpu, mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            PtDesc table = tables.lockTable(cpu, tables.pmdOffset(cpu, mm, at));
            if (table != null) {
                markPages(cpu, table, at, next, lock);
                table.ptl().unlock(cpu);
            }
        }
        kernel.lru().lruAddDrain(cpu);
    }

    private void markPages(Cpu cpu, PtDesc table, long start, long end, boolean lock) {
        FramePort entries = cpu.memory().frame(table.pfn());
        int first = Paging.index(start, 1);
        for (int i = first; i < first + (int) ((end - start) >>> 12); i++) {
            long pte = entries.read(i);
            if (!Pte.isPresent(pte) || Pte.isSpecial(pte)) {
                continue;
            }
            if (lock) {
                kernel.lru().mlockFolio(cpu, Pte.pfn(pte));
            } else {
                kernel.lru().munlockFolio(cpu, Pte.pfn(pte));
            }
        }
    }
}
