package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A design that shares tables without preparing their entries, as far as it is the same for all of them. */
public abstract class LazyFork implements ForkStrategy {
    private final Kernel kernel;
    private final ForkBlocks blocks;
    private final LazyBreak tableBreak;
    private final LazyDetach detach;

    protected LazyFork(Kernel kernel, LazyRules rules) {
        this.kernel = kernel;
        TableAccount account = new TableAccount(kernel);
        this.blocks = new ForkBlocks(kernel, rules, account);
        this.detach = new LazyDetach(kernel, rules, account);
        this.tableBreak = new LazyBreak(kernel, rules, account, detach);
    }

    protected final Kernel kernel() {
        return kernel;
    }

    @Override
    public final int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
        return blocks.copyVma(cpu, pass, src);
    }

    @Override
    public final BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent) {
        long at = nextShared(cpu, mm, startVaddr & -PageTables.PMD_BYTES, endVaddr);
        while (at < endVaddr) {
            long pmdPaddr = kernel.pageTables().pmdOffset(cpu, mm, at);
            if (tableBreak.breakBlock(cpu, mm, pmdPaddr, at, intent) == BreakResult.NOMEM) {
                return BreakResult.NOMEM;
            }
            at = nextShared(cpu, mm, at + PageTables.PMD_BYTES, endVaddr);
        }
        return BreakResult.OK;
    }

    @Override
    public final boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
        return detach.detach(cpu, tlb, mm, pmdPaddr, vaddr);
    }

    /** The table holds one set of references, however many share it. */
    @Override
    public final int pageContribution(PtDesc table) {
        return 1;
    }

    @Override
    public final boolean accountsTo(PtDesc table, MmStruct mm) {
        return !table.isShared() || table.cowPteOwner() == mm;
    }

    @Override
    public final boolean preparesEntries() {
        return false;
    }

    /** I4: every PMD entry at a shared table is write-protected, however few are left; nothing else keeps the entries from being written to. */
    @Override
    public final void checkTable(Cpu cpu, PtDesc table, Consumer<String> violations) {
        for (int i = 0; table.isShared() && i < table.sharerCount(); i++) {
            if (Entry.isWritable(cpu.memory().physical().read(table.pmdPaddrOf(i)))) {
                violations.accept("I4 the PMD entry of " + table.sharer(i) + " at the shared table in frame "
                        + table.pfn() + " is writable");
            }
        }
    }

    // ---------------------------------------------------------------- what a refusal goes by

    /** True if a shared table has a part in the range. */
    protected final boolean sharesAny(Cpu cpu, MmStruct mm, long start, long end) {
        long to = Math.min(end, MemoryMap.TASK_SIZE);
        return start >= 0 && start < to && nextShared(cpu, mm, start & -PageTables.PMD_BYTES, to) < to;
    }

    /** True if any table of the machine is shared. */
    protected final boolean sharesAnywhere(Cpu cpu) {
        return kernel.mms().stream().anyMatch(mm -> sharesAny(cpu, mm, 0, MemoryMap.TASK_SIZE));
    }

    /** Start of the first 2 MiB range from {@code vaddr} on whose table is shared, or {@code end}. */
    private long nextShared(Cpu cpu, MmStruct mm, long vaddr, long end) {
        PageTables tables = kernel.pageTables();
        long at = tables.nextPopulatedPmd(cpu, mm, vaddr, end);
        while (at < end && !ForkBlocks.isShared(kernel, cpu, mm, at)) {
            at = tables.nextPopulatedPmd(cpu, mm, (at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
        }
        return at < end ? at & -PageTables.PMD_BYTES : end;
    }
}
