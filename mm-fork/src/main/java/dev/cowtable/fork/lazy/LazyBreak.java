package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Gives one process a PTE table of its own: the work on each page that fork left undone is done now, for this process alone.
 *
 * <p>Locks: allocates with no lock held; then pmd lock and ptl, everything looked at again under them.
 * <p>Flush: the own mm, 2 MiB with the paging-structure caches, before the share is dropped. A reuse owes nothing: rights only grow.
 */
final class LazyBreak {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final LazyRules rules;
    private final TableAccount account;
    private final LazyDetach detach;
    private final EntryCopy entryCopy;

    LazyBreak(Kernel kernel, LazyRules rules, TableAccount account, LazyDetach detach) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.rules = rules;
        this.account = account;
        this.detach = detach;
        this.entryCopy = new EntryCopy(kernel, rules);
    }

    private enum Outcome {
        /** The process has the table for itself, or has none. */
        PRIVATE,
        NEEDS_SPARE,
        /** The PMD entry points at the spare, which holds the copy. */
        COPIED
    }

    BreakResult breakBlock(Cpu cpu, MmStruct mm, long pmdPaddr, long block, BreakIntent intent) {
        if (rules.dereferences(intent)) {
            dereference(cpu, mm, pmdPaddr, block);
            return BreakResult.OK;
        }
        PtDesc seen = pageTables.desc(cpu.memory().read(pmdPaddr));
        Outcome outcome = tryBreak(cpu, mm, pmdPaddr, block, null);
        while (outcome == Outcome.NEEDS_SPARE) {
            PtDesc spare = pageTables.newPteTable(cpu);
            if (spare == null) {
                return BreakResult.NOMEM;
            }
            outcome = tryBreak(cpu, mm, pmdPaddr, block, spare);
            if (outcome != Outcome.COPIED) {
                pageTables.freeTablePage(cpu, spare);
            }
        }
        if (!rules.locksOwner() && seen != null && !seen.isSharedBy(mm)) {
            disown(cpu, mm, seen);
        }
        return BreakResult.OK;
    }

    private void dereference(Cpu cpu, MmStruct mm, long pmdPaddr, long block) {
        MmuGather tlb = new MmuGather(kernel, mm);
        detach.detach(cpu, tlb, mm, pmdPaddr, block);
        tlb.finish(cpu);
    }

    private Outcome tryBreak(Cpu cpu, MmStruct mm, long pmdPaddr, long block, @Nullable PtDesc spare) {
        PtDesc pmdTable = pageTables.descOfEntryAt(pmdPaddr);
        pmdTable.ptl().lock(cpu);
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            pmdTable.ptl().unlock(cpu);
            return Outcome.PRIVATE;
        }
        Outcome outcome = breakLocked(cpu, mm, table, pmdPaddr, block, spare);
        table.ptl().unlock(cpu);
        pmdTable.ptl().unlock(cpu);
        if (outcome == Outcome.COPIED) {
            leave(cpu, mm, table, block);
        }
        return outcome;
    }

    private Outcome breakLocked(Cpu cpu, MmStruct mm, PtDesc table, long pmdPaddr, long block, @Nullable PtDesc spare) {
        if (!table.isShared()) {
            return Outcome.PRIVATE;
        }
        if (rules.reuses() && table.shareCount() == 1) {
            detach.reuse(cpu, mm, table, pmdPaddr);
            return Outcome.PRIVATE;
        }
        String reason = rules.neverBroken(table);
        if (reason != null) {
            throw new IllegalStateException(reason);
        }
        if (spare == null) {
            return Outcome.NEEDS_SPARE;
        }
        EntryDup dup = new EntryDup(kernel, cpu, mm);
        entryCopy.copy(cpu, mm, block, table, spare, dup);
        dup.addSumsTo(cpu, mm);
        mm.addTables(1, 1);
        if (rules.locksOwner()) {
            disown(cpu, mm, table);
        }
        spare.setOwner(mm, pmdPaddr);
        cpu.memory().exchange(pmdPaddr, spare.paddr() | PageTables.TABLE_PROT);
        table.removeSharer(mm);
        kernel.counters().add(cpu.id(), Counter.TABLE_BROKEN, 1);
        return Outcome.COPIED;
    }

    /** What the owner counted for the shared table it does not count any more; it has its own copy. */
    private void disown(Cpu cpu, MmStruct mm, PtDesc table) {
        if (table.cowPteOwner() == mm) {
            account.add(cpu, mm, table, -1);
            table.setCowPteOwner(null);
        }
    }

    private void leave(Cpu cpu, MmStruct mm, PtDesc table, long block) {
        MmuGather tlb = new MmuGather(kernel, mm);
        if (rules.flushesBreak()) {
            tlb.debt().oweStructure(block, block + PageTables.PMD_BYTES);
        }
        tlb.afterFlush((c, gather) -> detach.dropShare(c, gather, table, block));
        tlb.finish(cpu);
    }
}
