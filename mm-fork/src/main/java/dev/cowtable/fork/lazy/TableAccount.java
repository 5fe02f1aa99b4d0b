package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;

/** Moves a shared table's pages and the table itself from and to what an address space counts. */
final class TableAccount {
    private final Kernel kernel;

    TableAccount(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Adds {@code times} what the table holds to RSS, and the table to VmPTE. */
    void add(Cpu cpu, MmStruct mm, PtDesc table, int times) {
        addPages(cpu, mm, table, times);
        mm.addTables(1, times);
    }

    private void addPages(Cpu cpu, MmStruct mm, PtDesc table, int times) {
        long[] rss = new long[Rss.values().length];
        FramePort entries = cpu.memory().frame(table.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = entries.read(i);
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                rss[kernel.rssKind(Pte.pfn(pte)).ordinal()] += times;
            } else if (SwpEntry.isSlot(pte)) {
                rss[Rss.SWAPENTS.ordinal()] += times;
            }
        }
        for (Rss kind : Rss.values()) {
            mm.addRss(kind, rss[kind.ordinal()]);
        }
    }

    /**
     * Drops the references of a table that nobody shares any more.
     *
     * <p>Why RSS grows first: un-counting takes it from the mm of the gather, whose it is not.
     */
    void drop(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
        addPages(cpu, tlb.mm(), table, 1);
        kernel.memoryMap().zap().uncountTable(cpu, tlb, table, vaddr);
    }
}
