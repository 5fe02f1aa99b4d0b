package dev.cowtable.suite.property;

import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.property.TestDesigns.Wrapper;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The relaxed design with one hole each of the published series v5 in what fork does, numbered as in the dossier's list; holes 1 to 3 are
 * among {@link PlantedBugs}, the others in {@link SeriesBreakHoles}.
 */
final class SeriesForkHoles {
    private SeriesForkHoles() {}

    /** 5: the parent's live entry is read, edited and set. */
    static final Design ENTRY_SET_AND_NOT_EDITED =
            TestDesigns.relaxed("5-entry-set", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void takeRights(FramePort entries, int index, long pte, long lost) {
                    entries.write(index, pte & ~lost);
                }
            });

    /** 5: the entries of shared file mappings are shared as well, and lose their D in the common table, unknown to the page. */
    static final Design DIRTY_BIT_CLEARED =
            TestDesigns.relaxed("5-dirty-cleared", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected boolean mayShareVma(ForkPass pass, int i) {
                    return pass.source(i).has(VmFlags.SHARED) || super.mayShareVma(pass, i);
                }

                @Override
                protected long protectedEntry(long pte) {
                    boolean isFile = !Pte.isSpecial(pte) && !kernel.memMap().testFlag(Pte.pfn(pte), PageFlags.ANON);
                    return super.protectedEntry(pte) & (isFile ? ~Entry.D : -1);
                }
            });

    /** 6: a swap count that cannot grow ends the counting, and the table is shared all the same. */
    static final Design SHARED_AFTER_A_PREFIX =
            TestDesigns.relaxed("6-prefix-shared", kernel -> new RelaxedSteps(kernel) {
                @Override
                protected boolean mayShareAfterCounting(boolean allCounted) {
                    return true;
                }
            });

    /** 7: entries are counted up to the first that needs a fallback; where the fallback finds no memory they stay counted. */
    static final Design PREFIX_LEAKED = TestDesigns.aroundRelaxed("7-prefix-leaked", PrefixLeaked::new);

    private static final class PrefixLeaked extends Wrapper {
        PrefixLeaked(Kernel kernel, ForkStrategy wrapped) {
            super(kernel, wrapped);
        }

        @Override
        public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
            EntryDup counted = new EntryDup(kernel(), cpu, pass.parent());
            List<Long> prefix = new ArrayList<>();
            PtDesc table = tableOf(kernel(), cpu, pass.parent(), src.start());
            for (int i = 0; table != null && i < 512 && (prefix.isEmpty() || prefix.getLast() >= 0); i++) {
                long pte = cpu.memory().read(table.paddr() + i * 8L);
                if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                    prefix.add(counted.tryDupPage(cpu, Pte.pfn(pte)) ? Pte.pfn(pte) : -1);
                    cpu.memory().fetchAndAnd(table.paddr() + i * 8L, prefix.getLast() < 0 ? -1 : ~Entry.RW);
                }
            }
            pass.debt().owe(src.start() & -PageTables.PMD_BYTES, src.end());
            boolean fallsBack = prefix.remove(Long.valueOf(-1));
            if (!fallsBack) {
                undo(cpu, counted, prefix);
            }
            int result = super.copyVma(cpu, pass, src, dst);
            if (fallsBack && result == 0) {
                undo(cpu, counted, prefix);
            }
            return result;
        }

        private void undo(Cpu cpu, EntryDup counted, List<Long> prefix) {
            prefix.forEach(pfn -> counted.undoPage(cpu, pfn));
        }
    }

    /** 13: the first VMA of a table shares it whole, before the child has the VMAs that come later. */
    static Design sharedWithTheFirstVma(Runnable beforeTheLaterVmas) {
        return TestDesigns.aroundRelaxed("13-first-vma-shares", (kernel, wrapped) -> new Wrapper(kernel, wrapped) {
            @Override
            public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
                long srcPmd = kernel.pageTables().pmdOffset(cpu, pass.parent(), src.start());
                long dstPmd = kernel.pageTables().pmdAlloc(cpu, pass.child(), src.start());
                PtDesc table = tableOf(kernel, cpu, pass.parent(), src.start());
                if (tableOf(kernel, cpu, pass.child(), src.start()) != null || table == null) {
                    return 0;
                }
                shareWhole(kernel, cpu, pass, table, srcPmd, dstPmd);
                beforeTheLaterVmas.run();
                return 0;
            }
        });
    }

    private static void shareWhole(Kernel kernel, Cpu cpu, ForkPass pass, PtDesc table, long srcPmd, long dstPmd) {
        EntryDup dup = new EntryDup(kernel, cpu, pass.parent());
        table.ptl().lock(cpu);
        for (int i = 0; i < 512; i++) {
            long pte = cpu.memory().read(table.paddr() + i * 8L);
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                dup.dupPage(cpu, Pte.pfn(pte));
                cpu.memory().fetchAndAnd(table.paddr() + i * 8L, ~Entry.RW);
            }
        }
        dup.addSumsTo(cpu, pass.child());
        cpu.memory().fetchAndAnd(srcPmd, ~Entry.RW);
        cpu.memory().write(dstPmd, cpu.memory().read(srcPmd));
        table.addSharer(pass.child(), dstPmd);
        pass.child().addTables(1, 1);
        pass.debt().oweStructure(0, PageTables.PMD_BYTES * 512 * 512);
        table.ptl().unlock(cpu);
    }

    static @Nullable PtDesc tableOf(Kernel kernel, Cpu cpu, MmStruct mm, long vaddr) {
        long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, vaddr);
        long pmd = pmdPaddr == PageTables.NO_ENTRY ? 0 : cpu.memory().read(pmdPaddr);
        return PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd) : null;
    }
}
