package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Gives one process a PTE table of its own, by copying the shared one or by taking it over as its last sharer.
 *
 * <p>Locks: allocates with no lock held; then pmd lock and ptl, everything looked at again under them.
 * <p>Flush: the own mm, 2 MiB with the paging-structure caches, before the share is dropped (dossier L4). A re-own owes nothing: rights
 * only grow.
 */
final class TableBreak {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final RelaxedSteps steps;

    TableBreak(Kernel kernel, RelaxedSteps steps) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.steps = steps;
    }

    /** What one look at the table under its locks led to. */
    private enum Outcome {
        /** The process has the table for itself, or has none. */
        PRIVATE,
        /** Others share it: an empty table is needed to copy it into. */
        NEEDS_SPARE,
        /** The PMD entry points at the spare, which holds the copy. */
        COPIED
    }

    BreakResult breakBlock(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr) {
        Outcome outcome = tryBreak(cpu, mm, pmdPaddr, vaddr, null);
        while (outcome == Outcome.NEEDS_SPARE) {
            PtDesc spare = pageTables.newPteTable(cpu);
            if (spare == null) {
                return BreakResult.NOMEM;
            }
            outcome = tryBreak(cpu, mm, pmdPaddr, vaddr, spare);
            if (outcome != Outcome.COPIED) {
                pageTables.freeTablePage(cpu, spare);
            }
        }
        return BreakResult.OK;
    }

    private Outcome tryBreak(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr, @Nullable PtDesc spare) {
        PtDesc pmdTable = pageTables.descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            pmdTable.ptl().unlock(cpu);
            return Outcome.PRIVATE;
        }
        Outcome outcome = breakLocked(cpu, mm, table, pmdPaddr, spare);
        table.ptl().unlock(cpu);
        pmdTable.ptl().unlock(cpu);
        if (outcome == Outcome.COPIED) {
            long block = vaddr & -PageTables.PMD_BYTES;
            FlushDebt debt = new FlushDebt(mm);
            debt.oweStructure(block, block + PageTables.PMD_BYTES);
            steps.flushThenDropShare(cpu, debt, table);
        }
        return outcome;
    }

    private Outcome breakLocked(Cpu cpu, MmStruct mm, PtDesc table, long pmdPaddr, @Nullable PtDesc spare) {
        if (!table.isShared()) {
            return Outcome.PRIVATE;
        }
        if (table.shareCount() == 1) {
            reown(kernel, cpu, table, pmdPaddr);
            return Outcome.PRIVATE;
        }
        if (spare == null) {
            return Outcome.NEEDS_SPARE;
        }
        copyEntries(cpu, table, spare);
        spare.setOwner(mm, pmdPaddr);
        cpu.memory().exchange(pmdPaddr, spare.paddr() | PageTables.TABLE_PROT);
        table.removeSharer(mm);
        kernel.counters().add(cpu.id(), Counter.TABLE_BROKEN, 1);
        return Outcome.COPIED;
    }

    private static void copyEntries(Cpu cpu, PtDesc table, PtDesc spare) {
        FramePort from = cpu.memory().frame(table.pfn());
        FramePort to = cpu.memory().frame(spare.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = from.read(i);
            if (pte != 0) {
                to.write(i, pte);
            }
        }
    }

    /** The last sharer makes the table its own: its PMD entry becomes writable if it is not, its entries stay as they are. */
    static void reown(Kernel kernel, Cpu cpu, PtDesc table, long pmdPaddr) {
        table.reown();
        if (!Entry.isWritable(cpu.memory().read(pmdPaddr))) {
            cpu.memory().fetchAndOr(pmdPaddr, Entry.RW);
        }
        kernel.counters().add(cpu.id(), Counter.TABLE_REOWNED, 1);
    }
}
