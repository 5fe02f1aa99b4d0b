package dev.cowtable.suite.property;

import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.property.TestDesigns.Wrapper;
import org.jspecify.annotations.Nullable;

/** Designs with one planted bug each. */
final class PlantedBugs {
    private PlantedBugs() {}

    // ---------------------------------------------------------------- break

    static final Design NO_FLUSH_AT_BREAK =
            TestDesigns.relaxed("no-flush-at-break", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
                    TestDesigns.forget(debt);
                    dropShare(cpu, table);
                }
            });

    static final Design FLUSH_LEFT_OWING = TestDesigns.relaxed("flush-left-owing", kernel -> new RelaxedSteps(kernel) {
        @Override
        protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
            dropShare(cpu, table);
        }
    });

    static final Design SHARE_DROPPED_BEFORE_FLUSH =
            TestDesigns.relaxed("share-first", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
                    dropShare(cpu, table);
                    kernel().tlbFlush().settle(cpu, debt);
                }
            });

    static final Design ZERO_PAGE_INTO_SHARED_TABLE =
            TestDesigns.aroundRelaxed("zero-into-shared", ZeroIntoShared::new);

    /** A read fault that sets its zero-page entry, and those around it, before it asks for a private table. */
    private static final class ZeroIntoShared extends Wrapper {
        ZeroIntoShared(Kernel kernel, ForkStrategy wrapped) {
            super(kernel, wrapped);
        }

        @Override
        public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
            for (long vaddr = start; intent == BreakIntent.FAULT && vaddr < end; vaddr += 4096) {
                VmAreaStruct vma = mm.vmaLookup(vaddr);
                PtDesc table = sharedTable(kernel(), cpu, mm, vaddr);
                if (vma != null && table != null && cpu.memory().read(PageTables.ptePaddr(table, vaddr)) == Pte.NONE) {
                    long zero = Pte.mkspecial(Pte.make(kernel().zeroPfn(), vma.pageProt()));
                    cpu.memory().write(PageTables.ptePaddr(table, vaddr), zero);
                }
            }
            return super.breakTables(cpu, mm, start, end, intent);
        }
    }

    static final Design PARTIAL_ZAP_DETACHES = TestDesigns.aroundRelaxed("partial-zap-detaches",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                @Override
                public BreakResult breakTables(Cpu cpu, MmStruct mm, long start, long end, BreakIntent intent) {
                    if (intent != BreakIntent.UNMAP && intent != BreakIntent.MADVISE) {
                        return super.breakTables(cpu, mm, start, end, intent);
                    }
                    MmuGather gather = new MmuGather(kernel, mm);
                    if (sharedTable(kernel, cpu, mm, start) != null) {
                        detachTable(cpu, gather, mm, kernel.pageTables().pmdOffset(cpu, mm, start), start);
                    }
                    gather.finish(cpu);
                    return BreakResult.OK;
                }
            });

    private static @Nullable PtDesc sharedTable(Kernel kernel, Cpu cpu, MmStruct mm, long vaddr) {
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, vaddr);
        long pmd = pmdPaddr == PageTables.NO_ENTRY ? 0 : cpu.memory().read(pmdPaddr);
        PtDesc table = PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd) : null;
        return table != null && table.isShared() ? table : null;
    }

    // ---------------------------------------------------------------- fork

    static final Design EXCLUSIVE_NOT_CLEARED =
            TestDesigns.relaxed("ae-not-cleared", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void accountPresent(Cpu cpu, EntryDup dup, long pte) {
                    super.accountPresent(cpu, dup, pte);
                    kernel().memMap().setFlag(cpu, Pte.pfn(pte), PageFlags.ANON_EXCLUSIVE);
                }
            });

    static final Design ENTRIES_STAY_WRITABLE =
            TestDesigns.relaxed("entries-writable", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected long protectedEntry(long pte) {
                    return pte;
                }
            });

    static final Design WIPEONFORK_SHARED =
            TestDesigns.relaxed("wipeonfork-shared", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected boolean mayShareVma(ForkPass pass, int i) {
                    return pass.source(i).has(VmFlags.WIPEONFORK) || super.mayShareVma(pass, i);
                }
            });

    static final Design DONTCOPY_SHARED = TestDesigns.relaxed("dontcopy-shared", kernel -> new RelaxedSteps(kernel) {
        @Override
        protected boolean mayShareVma(ForkPass pass, int i) {
            return pass.source(i).has(VmFlags.DONTCOPY) || super.mayShareVma(pass, i);
        }
    });

    static final Design PINNED_SHARED = TestDesigns.relaxed("pinned-shared", kernel -> new RelaxedSteps(kernel) {
        @Override
        protected boolean mayShareEntry(Cpu cpu, long pte) {
            return true;
        }
    });

    static final Design EXCLUSIVE_MARKER_KEPT = TestDesigns.relaxed("marker-kept", kernel -> new RelaxedSteps(kernel) {
        @Override
        protected long protectedNonpresentEntry(long entry) {
            return entry;
        }
    });

    static final Design CHILD_RSS_FORGOTTEN = TestDesigns.aroundRelaxed("rss-forgotten",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                @Override
                public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
                    long before = pass.child().rss(Rss.ANONPAGES);
                    int result = super.copyVma(cpu, pass, src, dst);
                    pass.child().addRss(Rss.ANONPAGES, before - pass.child().rss(Rss.ANONPAGES));
                    return result;
                }
            });

    static final Design PMD_LEFT_WRITABLE = TestDesigns.aroundRelaxed("pmd-writable",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                @Override
                public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
                    int result = super.copyVma(cpu, pass, src, dst);
                    if (sharedTable(kernel, cpu, pass.parent(), src.start()) != null) {
                        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, pass.parent(), src.start());
                        cpu.memory().fetchAndOr(pmdPaddr, Entry.RW);
                    }
                    return result;
                }
            });

    // ---------------------------------------------------------------- detach

    static final Design DETACH_KEEPS_COUNTS =
            TestDesigns.relaxed("detach-keeps-counts", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void uncount(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
                }
            });

    static final Design DETACH_KEEPS_SWAP_COUNTS =
            TestDesigns.relaxed("detach-keeps-swap", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void uncount(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
                    for (int i = 0; i < 512; i++) {
                        long entry = cpu.memory().read(table.paddr() + i * 8L);
                        if (SwpEntry.isSlot(entry)) {
                            kernel().swap().swapDuplicate(cpu, entry);
                        }
                    }
                    super.uncount(cpu, tlb, table, vaddr);
                }
            });

    // ---------------------------------------------------------------- classic

    static final Design CLASSIC_WITHOUT_FLUSH = TestDesigns.aroundClassic("classic-no-flush",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                @Override
                public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
                    int result = super.copyVma(cpu, pass, src, dst);
                    TestDesigns.forget(pass.debt());
                    return result;
                }
            });

    static final Design CLASSIC_SHARES_PINNED = TestDesigns.aroundClassic("classic-shares-pinned",
            (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
                @Override
                public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
                    for (long vaddr = src.start(); dst != null && vaddr < src.end(); vaddr += 4096) {
                        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, pass.parent(), vaddr);
                        long pmd = pmdPaddr == PageTables.NO_ENTRY ? 0 : cpu.memory().read(pmdPaddr);
                        PtDesc table = PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd) : null;
                        long pte = table == null ? 0 : cpu.memory().read(PageTables.ptePaddr(table, vaddr));
                        if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                            kernel.memMap().clearFlag(cpu, Pte.pfn(pte), PageFlags.ANON_EXCLUSIVE);
                        }
                    }
                    return super.copyVma(cpu, pass, src, dst);
                }
            });
}
