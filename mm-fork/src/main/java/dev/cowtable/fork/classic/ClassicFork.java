package dev.cowtable.fork.classic;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPageRange;
import dev.cowtable.mm.fork.CopyPteRange;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Fork as Linux does it: every table is copied, none is ever shared. Entries of one large folio are copied together, or with
 * {@code batch=off} one by one, as before Linux 6.9.
 *
 * <p>Mirrors: copy_page_range() (mm/memory.c).
 */
final class ClassicFork implements ForkStrategy {
    private final CopyPageRange walk;
    private final CopyPteRange copyPteRange;
    private final boolean batches;

    ClassicFork(Kernel kernel, boolean batches) {
        this.batches = batches;
        this.walk = new CopyPageRange(kernel);
        this.copyPteRange = new CopyPteRange(kernel);
    }

    @Override
    public String name() {
        return batches ? "classic" : "classic:batch=off";
    }

    @Override
    public boolean batchesFolios() {
        return batches;
    }

    @Override
    public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
        if (dst == null || !pass.needsCopy(pass.handledCount() - 1)) {
            return 0;
        }
        return walk.copy(cpu, pass, src,
                (dstPmd, srcPmd, start, end) -> copyPteRange.copy(cpu, pass, dst, src, dstPmd, srcPmd, start, end));
    }

    @Override
    public BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent) {
        return BreakResult.OK;
    }

    @Override
    public boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
        return false;
    }
}
