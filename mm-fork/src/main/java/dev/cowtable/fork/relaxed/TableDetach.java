package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Drops one process's share of a table that goes away whole, without a copy and without an allocation.
 *
 * <p>The PMD entry is cleared under the locks; what the process counted for is taken away only after the gather's flush, so no page and
 * no table goes while a CPU of it can still reach them. Until then the share is in transit and keeps the others from taking the table over.
 *
 * <p>Locks: pmd lock and ptl, for the switch and for the drop; none while the entries are read.
 */
final class TableDetach {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final RelaxedSteps steps;

    TableDetach(Kernel kernel, RelaxedSteps steps) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.steps = steps;
    }

    /** Returns false if the table is private, or became so just now: its entries are to be cleared one by one. */
    boolean detach(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
        PtDesc pmdTable = pageTables.descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        boolean left = table != null && table.isShared() && leave(cpu, mm, table, pmdPaddr);
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        pmdTable.ptl().unlock(cpu);
        if (left && table != null) {
            mm.addTables(1, -1);
            kernel.counters().add(cpu.id(), Counter.TABLE_DETACHED, 1);
            tlb.debt().oweStructure(vaddr, vaddr + PageTables.PMD_BYTES);
            kernel.memoryMap().zap().munlockTable(cpu, tlb, table, vaddr);
            tlb.afterFlush((c, gather) -> {
                steps.uncount(c, gather, table, vaddr);
                steps.dropShare(c, table);
            });
        }
        return left || table == null;
    }

    private boolean leave(Cpu cpu, MmStruct mm, PtDesc table, long pmdPaddr) {
        if (table.shareCount() == 1) {
            TableBreak.reown(kernel, cpu, table, pmdPaddr);
            return false;
        }
        cpu.memory().exchange(pmdPaddr, 0);
        table.removeSharer(mm);
        return true;
    }
}
