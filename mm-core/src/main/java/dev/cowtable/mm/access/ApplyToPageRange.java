package dev.cowtable.mm.access;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Shows a driver each entry of a range, one table after the other, for it to read or set.
 *
 * <p>A shared table is broken before its entries are shown, as it is not known what will be done to them. What was done when something
 * fails stays done.
 *
 * <p>Mirrors: apply_to_page_range(), apply_to_existing_page_range() and below (mm/memory.c).
 * <p>Locks: mmap_lock; ptl is held while the entries of a table are shown.
 * <p>Flush: what a changed entry owes is paid by who changed it.
 * <p>Differs: user address spaces only.
 */
public final class ApplyToPageRange {
    /** What is done to one entry: pte_fn_t. */
    @FunctionalInterface
    public interface PteFn {
        /** 0, or a negative errno that ends the walk. */
        int apply(Cpu cpu, long ptePaddr, long vaddr);
    }

    private final PageTables pageTables;

    public ApplyToPageRange(Kernel kernel) {
        this.pageTables = kernel.pageTables();
    }

    /** Shows every entry, none or not, and makes the tables that are missing; 0, what the function answered, -ENOMEM or -EINVAL. */
    public int apply(Cpu cpu, MmStruct mm, long vaddr, long bytes, PteFn function) {
        mm.mmapLock().assertHeld();
        long end = vaddr + bytes;
        int error = bytes <= 0 ? Errno.EINVAL.code() : 0;
        for (long at = vaddr; error == 0 && at < end; at = next(at, end)) {
            long pmdPaddr = pageTables.pmdAlloc(cpu, mm, at);
            error = pmdPaddr == PageTables.NO_ENTRY ? Errno.ENOMEM.code()
                    : applyToPmd(cpu, mm, pmdPaddr, at, next(at, end), true, function);
        }
        return error;
    }

    /** Shows the entries that are not none; results as {@link #apply}. */
    public int applyExisting(Cpu cpu, MmStruct mm, long vaddr, long bytes, PteFn function) {
        mm.mmapLock().assertHeld();
        long end = vaddr + bytes;
        int error = bytes <= 0 ? Errno.EINVAL.code() : 0;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, vaddr, end); error == 0 && at < end;
                at = pageTables.nextPopulatedPmd(cpu, mm, next(at, end), end)) {
            long pmdPaddr = pageTables.pmdOffset(cpu, mm, at);
            error = applyToPmd(cpu, mm, pmdPaddr, at, next(at, end), false, function);
        }
        return error;
    }

    private static long next(long vaddr, long end) {
        return Math.min((vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
    }

    /** Mirrors: apply_to_pmd_range(), apply_to_pte_range(). */
    private int applyToPmd(Cpu cpu, MmStruct mm, long pmdPaddr, long start, long end, boolean create,
            PteFn function) {
        if (PageTables.isLeaf(cpu.memory().read(pmdPaddr))) {
            return Errno.EINVAL.code();
        }
        PtDesc table = lock(cpu, mm, pmdPaddr, start, create);
        if (table == null || table == PtDesc.NO_MEMORY) {
            return table == null && !create ? Errno.EINVAL.code() : Errno.ENOMEM.code();
        }
        int error = 0;
        for (long at = start; at < end && error == 0; at += 4096) {
            long ptePaddr = PageTables.ptePaddr(table, at);
            if (create || !Pte.isNone(cpu.memory().read(ptePaddr))) {
                error = function.apply(cpu, ptePaddr, at);
            }
        }
        table.ptl().unlock(cpu);
        return error;
    }

    private @Nullable PtDesc lock(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr, boolean create) {
        if (create && !pageTables.pteAlloc(cpu, mm, pmdPaddr)) {
            return PtDesc.NO_MEMORY;
        }
        return pageTables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.OTHER);
    }
}
