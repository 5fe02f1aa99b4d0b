package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;

/**
 * Moves entries one by one; what an entry names, and all counts, stay as they are.
 *
 * <p>Mirrors: move_ptes() (mm/mremap.c).
 * <p>Locks: as {@link MovePageTables}; ptl of both tables.
 * <p>Flush: the old range, if a present entry was moved, before either table's lock is dropped.
 */
final class MovePtes {
    private final Kernel kernel;
    private final PageTables pageTables;

    MovePtes(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
    }

    /** Moves the entries below one PMD entry to what lies below another, or within one table. */
    void move(Cpu cpu, VmAreaStruct from, long oldPmd, long newPmd, long oldAddr, long newAddr, long extent,
            boolean needRmapLocks) {
        if (needRmapLocks) {
            RmapLocks.take(cpu, from);
        }
        PtDesc oldTable = pageTables.lockTable(cpu, oldPmd);
        PtDesc newTable =
                oldTable == null || newPmd == oldPmd ? oldTable : pageTables.lockTableNested(cpu, newPmd);
        if (oldTable != null && newTable != null) {
            requirePrivate(oldTable);
            requirePrivate(newTable);
            FlushDebt debt = new FlushDebt(from.mm());
            if (moveEntries(cpu, oldTable, newTable, oldAddr, newAddr, (int) (extent >>> 12))) {
                debt.owe(oldAddr, oldAddr + extent);
                kernel.tlbFlush().settle(cpu, debt);
            }
        }
        if (newTable != null && newTable != oldTable) {
            newTable.ptl().unlock(cpu);
        }
        if (oldTable != null) {
            oldTable.ptl().unlock(cpu);
        }
        if (needRmapLocks) {
            RmapLocks.drop(cpu, from);
        }
    }

    /** True if a present entry was moved: a CPU may know its old place. */
    private boolean moveEntries(Cpu cpu, PtDesc oldTable, PtDesc newTable, long oldAddr, long newAddr, int count) {
        FramePort from = cpu.memory().frame(oldTable.pfn());
        FramePort to = cpu.memory().frame(newTable.pfn());
        int oldFirst = Paging.index(oldAddr, 1);
        int newFirst = Paging.index(newAddr, 1);
        boolean present = false;
        for (int i = 0; i < count; i++) {
            if (from.read(oldFirst + i) == Pte.NONE) {
                continue;
            }
            long pte = from.exchange(oldFirst + i, Pte.NONE);
            present |= Pte.isPresent(pte);
            to.write(newFirst + i, softDirty(pte));
        }
        return present;
    }

    /** Mirrors: move_soft_dirty_pte(). */
    private long softDirty(long pte) {
        long mark = kernel.softDirty().mark();
        if (Pte.isPresent(pte)) {
            return pte | mark;
        }
        return mark != 0 ? pte | SwpEntry.SOFT_DIRTY : pte;
    }

    static void requirePrivate(PtDesc table) {
        if (table.isShared()) {
            throw new IllegalStateException("the table in frame " + table.pfn() + " is shared during mremap");
        }
    }
}
