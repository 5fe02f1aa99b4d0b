package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Drops one process's share of a table, without a copy, an allocation or a look at a page; the last one drops the table's references.
 *
 * <p>Locks: pmd lock and ptl.
 */
final class LazyDetach {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final LazyRules rules;
    private final TableAccount account;

    LazyDetach(Kernel kernel, LazyRules rules, TableAccount account) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.rules = rules;
        this.account = account;
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
            kernel.counters().add(cpu.id(), Counter.TABLE_DETACHED, 1);
            tlb.debt().oweStructure(vaddr, vaddr + PageTables.PMD_BYTES);
            kernel.memoryMap().zap().munlockTable(cpu, tlb, table, vaddr);
            tlb.afterFlush((c, gather) -> dropShare(c, gather, table, vaddr));
        }
        return left || table == null;
    }

    private boolean leave(Cpu cpu, MmStruct mm, PtDesc table, long pmdPaddr) {
        if (rules.reuses() && table.shareCount() == 1) {
            reuse(cpu, mm, table, pmdPaddr);
            return false;
        }
        if (table.cowPteOwner() == mm) {
            table.setCowPteOwner(null);
            account.add(cpu, mm, table, -1);
        }
        cpu.memory().exchange(pmdPaddr, 0);
        table.removeSharer(mm);
        return true;
    }

    /** The last sharer counts the table, if it did not, and may write through its PMD entry again. The entries stay as they are. */
    void reuse(Cpu cpu, MmStruct mm, PtDesc table, long pmdPaddr) {
        if (table.cowPteOwner() != mm) {
            account.add(cpu, mm, table, 1);
        }
        table.setCowPteOwner(null);
        table.reown();
        cpu.memory().fetchAndOr(pmdPaddr, Entry.RW);
        kernel.counters().add(cpu.id(), Counter.TABLE_REOWNED, 1);
    }

    /** Gives one share back, and the table and what it holds with the last. */
    void dropShare(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
        table.ptl().lock(cpu);
        boolean last = table.dropShare();
        table.ptl().unlock(cpu);
        if (last) {
            account.drop(cpu, tlb, table, vaddr);
            pageTables.freeTablePage(cpu, table);
        }
    }
}
