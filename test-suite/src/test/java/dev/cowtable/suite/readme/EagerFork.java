package dev.cowtable.suite.readme;

// tag::readme
import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.CopyPageRange;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/** Fork as Unix did it first: the child gets a copy of every page at once, and nothing is ever shared. */
record EagerFork(Kernel kernel) implements ForkStrategy {
    @Override
    public String name() {
        return "eager";
    }

    @Override
    public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
        if (dst == null || !pass.needsCopy(pass.handledCount() - 1)) {
            return 0;
        }
        return new CopyPageRange(kernel).copy(cpu, pass, src,
                (dstPmd, srcPmd, start, end) -> copyTable(cpu, dst, dstPmd, srcPmd, start, end));
    }

    private int copyTable(Cpu cpu, VmAreaStruct dst, long dstPmd, long srcPmd, long start, long end) {
        PageTables tables = kernel.pageTables();
        if (cpu.memory().read(srcPmd) == 0) {
            return 0;
        }
        if (!tables.pteAlloc(cpu, dst.mm(), dstPmd)) {
            return Errno.ENOMEM.code();
        }
        PtDesc to = tables.lockTable(cpu, dstPmd);
        PtDesc from = tables.lockTableNested(cpu, srcPmd);
        int error = 0;
        for (long at = start; at < end && error == 0 && to != null && from != null; at += 4096) {
            long pte = cpu.memory().read(PageTables.ptePaddr(from, at));
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                error = copyPage(cpu, dst, at, Pte.pfn(pte), PageTables.ptePaddr(to, at));
            }
        }
        if (from != null) {
            from.ptl().unlock(cpu);
        }
        if (to != null) {
            to.ptl().unlock(cpu);
        }
        return error;
    }

    private int copyPage(Cpu cpu, VmAreaStruct dst, long vaddr, long oldPfn, long ptePaddr) {
        long pfn = kernel.pageAllocator().allocPage(cpu);
        if (pfn == PageAllocator.NO_PAGE) {
            return Errno.ENOMEM.code();
        }
        cpu.memory().copyFrame(oldPfn, pfn);
        kernel.rmap().folioAddNewAnonRmap(cpu, pfn, dst, vaddr);
        dst.mm().addRss(Rss.ANONPAGES, 1);
        long entry = Pte.mkdirty(Pte.mkyoung(Pte.make(pfn, dst.pageProt())));
        cpu.memory().write(ptePaddr, VmFlags.maybeMkwrite(entry, dst.flags()));
        return 0;
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
// end::readme
