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

    BreakResult breakBlock(Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr) {
        @Nullable PtDesc spare = null;
        while (true) {
            PtDesc pmdTable = pageTables.descOfEntryAt(pmdPaddr);
            pmdTable.ptl().lock(cpu);
            PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
            boolean isShared = table != null && table.isShared();
            boolean copied = isShared && table != null && breakLocked(cpu, mm, table, pmdPaddr, spare);
            boolean needsSpare = isShared && table != null && table.isShared() && !copied;
            unlock(cpu, pmdTable, table);
            if (copied && table != null) {
                FlushDebt debt = new FlushDebt(mm);
                debt.oweStructure(vaddr & -PageTables.PMD_BYTES,
                        (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES);
                steps.flushThenDropShare(cpu, debt, table);
                return BreakResult.OK;
            }
            if (!needsSpare) {
                if (spare != null) {
                    pageTables.freeTablePage(cpu, spare);
                }
                return BreakResult.OK;
            }
            spare = pageTables.newPteTable(cpu);
            if (spare == null) {
                return BreakResult.NOMEM;
            }
        }
    }

    private static void unlock(Cpu cpu, PtDesc pmdTable, @Nullable PtDesc table) {
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        pmdTable.ptl().unlock(cpu);
    }

    /** True if the PMD entry points at {@code spare} now; false if the table was re-owned, or a spare is needed first. */
    private boolean breakLocked(Cpu cpu, MmStruct mm, PtDesc table, long pmdPaddr, @Nullable PtDesc spare) {
        if (table.shareCount() == 1) {
            reown(kernel, cpu, table, pmdPaddr);
            return false;
        }
        if (spare == null) {
            return false;
        }
        FramePort from = cpu.memory().frame(table.pfn());
        FramePort to = cpu.memory().frame(spare.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = from.read(i);
            if (pte != 0) {
                to.write(i, pte);
            }
        }
        spare.setOwner(mm, pmdPaddr);
        cpu.memory().exchange(pmdPaddr, spare.paddr() | PageTables.TABLE_PROT);
        table.removeSharer(mm);
        kernel.counters().add(cpu.id(), Counter.TABLE_BROKEN, 1);
        return true;
    }

    /** The last sharer makes the table its own: its PMD entry becomes writable, its entries stay as they are. */
    static void reown(Kernel kernel, Cpu cpu, PtDesc table, long pmdPaddr) {
        table.reown();
        cpu.memory().fetchAndOr(pmdPaddr, Entry.RW);
        kernel.counters().add(cpu.id(), Counter.TABLE_REOWNED, 1);
    }
}
