package dev.cowtable.suite.property;

import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.property.TestDesigns.Wrapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;

/**
 * The relaxed design with one hole each of the published series v5 in what it does to shared tables afterwards, numbered as in the
 * dossier's list.
 */
final class SeriesBreakHoles {
    private SeriesBreakHoles() {}

    private static Design with(String name, BiFunction<Kernel, ForkStrategy, ForkStrategy> maker) {
        return TestDesigns.aroundRelaxed(name, maker);
    }

    /** 8: a zap that finds no memory for a break clears the entries of the shared table. */
    static final Design ZAP_GOES_ON = with("8-zap-goes-on", (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
        @Override
        public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
            BreakResult result = super.breakTables(cpu, mm, start, end, intent);
            if (result == BreakResult.OK || intent != BreakIntent.MADVISE) {
                return result;
            }
            PtDesc table = Objects.requireNonNull(SeriesForkHoles.tableOf(kernel, cpu, mm, start));
            for (long vaddr = start; vaddr < end; vaddr += 4096) {
                cpu.memory().write(PageTables.ptePaddr(table, vaddr), Pte.NONE);
            }
            FlushDebt debt = new FlushDebt(mm);
            debt.owe(start, end);
            kernel.tlbFlush().settle(cpu, debt);
            return BreakResult.OK;
        }
    });

    /** 9: tables are un-counted one after the other, and a full batch is not flushed in between. */
    static Design batchNotFlushed(int tables) {
        return TestDesigns.relaxed("9-batch-not-flushed", kernel -> new RelaxedSteps(kernel) {
            private final List<PtDesc> waiting = new ArrayList<>();
            private final List<Long> vaddrs = new ArrayList<>();

            @Override
            protected void uncount(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
                waiting.add(table);
                vaddrs.add(vaddr);
                for (int i = 0; waiting.size() == tables && i < tables; i++) {
                    super.uncount(cpu, tlb, waiting.get(i), vaddrs.get(i));
                }
            }
        });
    }

    /** 10: a break is a writer of write_protect_seq, and reclaim breaks without mmap_lock. */
    static final Design BREAK_WRITES_SEQ = with("10-break-writes-seq",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                @Override
                public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
                    mm.writeProtectSeq().writeBegin(cpu);
                    BreakResult result = super.breakTables(cpu, mm, start, end, intent);
                    mm.writeProtectSeq().writeEnd(cpu);
                    return result;
                }
            });

    /** 11: the table to lock is taken from a PMD entry read before, and the entry is not compared again. */
    static Design lockOfAnOldTable(Runnable beforeTheLock) {
        return with("11-old-table", (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
            @Override
            public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
                PtDesc table = SeriesForkHoles.tableOf(kernel, cpu, mm, start);
                if (table == null || !table.isShared() || table.shareCount() == 1) {
                    return super.breakTables(cpu, mm, start, end, intent);
                }
                PtDesc spare = Objects.requireNonNull(kernel.pageTables().newPteTable(cpu));
                beforeTheLock.run();
                copyWithoutLook(kernel, cpu, mm, start, table, spare);
                return BreakResult.OK;
            }
        });
    }

    private static void copyWithoutLook(Kernel kernel, Cpu cpu, MmStruct mm, long vaddr, PtDesc table, PtDesc spare) {
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, vaddr);
        table.ptl().lock(cpu);
        for (int i = 0; i < 512; i++) {
            cpu.memory().write(spare.paddr() + i * 8L, cpu.memory().read(table.paddr() + i * 8L));
        }
        spare.setOwner(mm, pmdPaddr);
        cpu.memory().write(pmdPaddr, spare.paddr() | PageTables.TABLE_PROT);
        if (table.isSharedBy(mm)) {
            table.removeSharer(mm);
        }
        table.ptl().unlock(cpu);
        FlushDebt debt = new FlushDebt(mm);
        debt.oweStructure(vaddr & -PageTables.PMD_BYTES, (vaddr & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES);
        kernel.tlbFlush().settle(cpu, debt);
        table.ptl().lock(cpu);
        table.dropShare();
        table.ptl().unlock(cpu);
    }

    /** 12: a table with several VMAs is broken at exit, only to be cleared. */
    static final Design BROKEN_AT_EXIT = with("12-broken-at-exit", (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
        @Override
        public boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
            super.breakTables(cpu, mm, vaddr, vaddr + PageTables.PMD_BYTES, BreakIntent.UNMAP);
            return false;
        }
    });

    /** 14: a break for reclaim that finds no memory calls the OOM killer. */
    static Design killsForABreak(List<MmStruct> victims) {
        return with("14-oom-killer", (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
            @Override
            public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
                BreakResult result = super.breakTables(cpu, mm, start, end, intent);
                while (result == BreakResult.NOMEM && intent == BreakIntent.RMAP && !victims.isEmpty()) {
                    kernel.exitMmap(cpu, victims.removeLast());
                    result = super.breakTables(cpu, mm, start, end, intent);
                }
                return result;
            }
        });
    }

    /** 15: mprotect does not hear of a break that finds no memory before it has changed the VMA. */
    static final Design MPROTECT_NOT_TOLD = with("15-mprotect-not-told",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                private boolean swallowed;

                @Override
                public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
                    BreakResult result = super.breakTables(cpu, mm, start, end, intent);
                    if (intent == BreakIntent.MPROTECT && result == BreakResult.NOMEM && !swallowed) {
                        swallowed = true;
                        return BreakResult.OK;
                    }
                    return result;
                }
            });
}
