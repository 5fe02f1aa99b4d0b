package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPageRange;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The relaxed form: fork does all of classic's accounting on the parent's table, then parent and child share it copy-on-write.
 *
 * <p><b>Fork.</b> A table is looked at when the last VMA of the parent that overlaps its 2 MiB has been duplicated or skipped; by then
 * all of them are write-locked, and no fault can be at work in any. Under one hold of the table's lock: look whether every entry
 * may be shared ({@link TableShare}), then account every entry, then point the child's PMD entry at the table, both entries
 * write-protected unless {@code pmd=marked}. A table that may not be shared is copied entry by entry into a private one.
 *
 * <p><b>Break.</b> Whoever must change an entry copies the table first: fill the copy, switch the PMD entry, flush the own mm, and only
 * then drop the share ({@link TableBreak}). The flush comes first because a CPU of this mm may still walk the old table through a cached
 * PDE, and the last sharer left may write to it as soon as the share is gone.
 *
 * <p><b>Re-own.</b> The last sharer makes its PMD entry writable again and keeps the table. Its entries stay read-only and not exclusive:
 * each first write takes the usual fault.
 *
 * <p><b>Detach.</b> When a table goes with all its entries, a sharer clears its PMD entry, flushes, and takes its counts away reading
 * the table only ({@link TableDetach}); nothing is allocated.
 *
 * <p><b>Reclaim and migration</b> break the table for each sharer, or with {@code rmap=inplace} change the entry once for all of them
 * ({@link RelaxedOptions}). That an unmapping for a broken frame, and the end of a migration, may not fail is mm-core's concern: those
 * change shared entries in place under every option.
 *
 * <p>Invariants: I1-I8 of the dossier; no entry of a table with more than one share is writable or exclusive, or changes but
 * in place for all.
 *
 * <p>References: "Introduce Copy-On-Write to Page Table" v3-v5 (2022-12 to 2023-04) and its reviews.
 */
public final class RelaxedFork implements ForkStrategy {
    private final Kernel kernel;
    private final CopyPageRange walk;
    private final TableShare share;
    private final TableBreak tableBreak;
    private final TableDetach detach;
    private final RelaxedSteps steps;
    private final RelaxedOptions options;

    /** Makes the strategy with its default options. */
    public RelaxedFork(Kernel kernel, RelaxedSteps steps) {
        this(kernel, steps, RelaxedOptions.DEFAULTS);
    }

    /**
     * Makes the strategy from its steps.
     *
     * @param steps the single decisions of the design; other than {@link RelaxedSteps} itself only in tests that plant a bug
     */
    public RelaxedFork(Kernel kernel, RelaxedSteps steps, RelaxedOptions options) {
        this.kernel = kernel;
        this.steps = steps;
        this.options = options;
        this.walk = new CopyPageRange(kernel);
        this.share = new TableShare(kernel, steps, options);
        this.tableBreak = new TableBreak(kernel, steps);
        this.detach = new TableDetach(kernel, steps);
    }

    @Override
    public String name() {
        return options.designName();
    }

    @Override
    public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
        int self = pass.handledCount() - 1;
        if (pass.needsCopy(self)) {
            return walk.copy(cpu, pass, src, (dstPmd, srcPmd, start, end) -> {
                long block = start & -PageTables.PMD_BYTES;
                boolean waits = pass.hasMoreBelow(block + PageTables.PMD_BYTES);
                return waits ? 0 : share.copyBlock(cpu, pass, block, dstPmd, srcPmd);
            });
        }
        return finishEarlierBlock(cpu, pass, src.start() & -PageTables.PMD_BYTES, self);
    }

    /** A VMA that is not copied may be the last one of a 2 MiB range in which earlier ones are. */
    private int finishEarlierBlock(Cpu cpu, ForkPass pass, long block, int self) {
        if (pass.hasMoreBelow(block + PageTables.PMD_BYTES) || !earlierNeedsCopy(pass, block, self)) {
            return 0;
        }
        long srcPmd = kernel.pageTables().pmdOffset(cpu, pass.parent(), block);
        long dstPmd = kernel.pageTables().pmdOffset(cpu, pass.child(), block);
        boolean empty = srcPmd == PageTables.NO_ENTRY || dstPmd == PageTables.NO_ENTRY;
        return empty ? 0 : share.copyBlock(cpu, pass, block, dstPmd, srcPmd);
    }

    private static boolean earlierNeedsCopy(ForkPass pass, long block, int self) {
        for (int i = self - 1; i >= 0 && pass.source(i).end() > block; i--) {
            if (pass.needsCopy(i)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent) {
        PageTables tables = kernel.pageTables();
        long at = tables.nextPopulatedPmd(cpu, mm, startVaddr & -PageTables.PMD_BYTES, endVaddr);
        while (at < endVaddr) {
            if (tableBreak.breakBlock(cpu, mm, tables.pmdOffset(cpu, mm, at), at) == BreakResult.NOMEM) {
                return BreakResult.NOMEM;
            }
            at = tables.nextPopulatedPmd(cpu, mm, (at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, endVaddr);
        }
        return BreakResult.OK;
    }

    @Override
    public boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
        return detach.detach(cpu, tlb, mm, pmdPaddr, vaddr);
    }

    @Override
    public boolean editsInPlace(Cpu cpu, PtDesc table) {
        return options.inPlace() && steps.mayEditInPlace(table);
    }

    @Override
    public int editWeight(PtDesc table) {
        return steps.editWeight(table);
    }

    @Override
    public void flushSharers(Cpu cpu, PtDesc table, long vaddr) {
        steps.flushSharers(cpu, table, vaddr);
    }

    /**
     * I4: while a table has more than one share, every PMD entry that points at it is write-protected; or, if sharing is only marked, none of
     * its entries is writable, whatever the mapping.
     */
    @Override
    public void checkTable(Cpu cpu, PtDesc table, Consumer<String> violations) {
        if (!table.isShared()) {
            return;
        }
        if (options.marked()) {
            checkEntries(cpu, table, violations);
            return;
        }
        for (int i = 0; i < table.sharerCount(); i++) {
            long pmd = cpu.memory().physical().read(table.pmdPaddrOf(i));
            if (Entry.isWritable(pmd)) {
                violations.accept("I4 the PMD entry of " + table.sharer(i) + " at the shared table in frame "
                        + table.pfn() + " is writable");
            }
        }
    }

    private static void checkEntries(Cpu cpu, PtDesc table, Consumer<String> violations) {
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = cpu.memory().physical().read(table.paddr() + i * 8L);
            if (Pte.isPresent(pte) && Pte.isWritable(pte)) {
                violations.accept("I4 entry " + i + " of the table in frame " + table.pfn()
                        + ", which is only marked as shared, is writable");
            }
        }
    }
}
