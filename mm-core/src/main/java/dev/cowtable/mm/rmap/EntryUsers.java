package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Those whose entry is changed when an entry of a page changes: one process, or all sharers of a table that is edited in place.
 *
 * <p>Locks: made and used under ptl of the table. None of several users has the page locked in memory ({@link PageVmaWalk}).
 */
public final class EntryUsers {
    private final Kernel kernel;
    private final PtDesc table;
    private final VmAreaStruct vma;
    private final int weight;

    public EntryUsers(Kernel kernel, PtDesc table, VmAreaStruct vma) {
        this.kernel = kernel;
        this.table = table;
        this.vma = vma;
        this.weight = table.isShared() ? kernel.forkStrategy().editWeight(table) : 1;
    }

    /** How many references, mappings and swap counts the entry stands for. */
    public int weight() {
        return weight;
    }

    /** Clears the entry and flushes it on the CPUs of all users: ptep_clear_flush(). Returns what it was. */
    public long clearFlush(Cpu cpu, long vaddr, long ptePaddr) {
        if (!table.isShared()) {
            return kernel.tlbFlush().ptepClearFlush(cpu, vma.mm(), vaddr, ptePaddr);
        }
        long pte = cpu.memory().exchange(ptePaddr, Pte.NONE);
        if (anyAccessible(pte)) {
            kernel.forkStrategy().flushSharers(cpu, table, vaddr);
        }
        return pte;
    }

    private boolean anyAccessible(long pte) {
        boolean accessible = false;
        for (int i = 0; i < table.sharerCount(); i++) {
            accessible |= kernel.tlbFlush().pteAccessible(table.sharer(i), pte);
        }
        return accessible;
    }

    /** Changes what each user counts. */
    public void addRss(Rss kind, int pages) {
        if (!table.isShared()) {
            vma.mm().addRss(kind, pages);
            return;
        }
        for (int i = 0; i < weight; i++) {
            MmStruct mm = table.sharer(i);
            mm.addRss(kind, pages);
        }
    }

    /** One more user of a swap slot for each; false, with the count as it was, if it needs memory that is not there. */
    public boolean swapDuplicate(Cpu cpu, long entry) {
        for (int i = 0; i < weight; i++) {
            if (!kernel.swap().swapDuplicate(cpu, entry)) {
                swapFree(cpu, entry, i);
                return false;
            }
        }
        return true;
    }

    public void swapFree(Cpu cpu, long entry) {
        swapFree(cpu, entry, weight);
    }

    private void swapFree(Cpu cpu, long entry, int times) {
        for (int i = 0; i < times; i++) {
            kernel.swap().swapFree(cpu, entry);
        }
    }

    /** The page loses the mappings and references that the entry stood for; the caller has a reference of his own. */
    public void discard(Cpu cpu, long pfn) {
        if (table.isShared()) {
            kernel.memMap().mapcountAdd(cpu, pfn, -weight);
            table.editedInPlace();
            kernel.counters().add(cpu.id(), Counter.TABLE_EDITED, 1);
        } else {
            kernel.rmap().folioRemoveRmap(cpu, pfn, vma);
            if (vma.has(VmFlags.LOCKED)) {
                kernel.lru().mlockDrainLocal(cpu);
            }
        }
        kernel.putPages(cpu, pfn, weight);
    }
}
