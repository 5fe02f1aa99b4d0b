package dev.cowtable.suite.property;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.HeldReferences;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.List;
import java.util.Objects;

/** A kernel with one process that has nine writable pages, the last one written: for what litmus files cannot say. */
final class Lab {
    static final long AREA_VADDR = 0x2_0000_0000L;
    /** Pages that nothing touched yet. */
    static final int PAGES = 8;

    final Kernel kernel;
    final MmStruct parent;

    Lab(Design design) {
        this(design, new SingleThreadExecutor());
    }

    Lab(Design design, Executor executor) {
        Machine machine = Machine.builder().cpus(3).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL)
                .executor(executor).build();
        kernel = new Kernel(machine, design);
        parent = Objects.requireNonNull(kernel.newMm(cpu(0)));
        kernel.memoryMap().mmapAnonymous(cpu(0), parent, AREA_VADDR, (PAGES + 1) * 4096L,
                VmFlags.READ | VmFlags.WRITE, false);
        write(0, parent, PAGES, 1);
    }

    Cpu cpu(int number) {
        return kernel.machine().cpu(number);
    }

    static long page(int page) {
        return AREA_VADDR + page * 4096L;
    }

    void write(int cpu, MmStruct mm, int page, int value) {
        long result = kernel.userAccess().writeByte(cpu(cpu), mm, page(page), value);
        if (result < 0) {
            throw new IllegalStateException("write gave " + result);
        }
    }

    long read(int cpu, MmStruct mm, int page) {
        return kernel.userAccess().readByte(cpu(cpu), mm, page(page));
    }

    MmStruct fork() {
        return Objects.requireNonNull(kernel.fork(cpu(0), parent));
    }

    /** Puts a swap entry with an exclusive marker; its slot. */
    long swapEntry(int page) {
        if (!new OpaquePages(kernel).installSwapEntry(cpu(0), Objects.requireNonNull(parent.vmaLookup(page(page))),
                page(page))) {
            throw new IllegalStateException("no memory");
        }
        return SwpEntry.offset(pte(parent, page));
    }

    /** The PTE table of the area in a process. */
    PtDesc table(MmStruct mm) {
        long pmd = kernel.machine().memory().read(kernel.pageTables().pmdOffset(cpu(0), mm, AREA_VADDR));
        return Objects.requireNonNull(PageTables.isTable(pmd) ? kernel.pageTables().desc(pmd) : null);
    }

    long pte(MmStruct mm, int page) {
        return kernel.machine().memory().read(PageTables.ptePaddr(table(mm), page(page)));
    }

    List<String> violations() {
        return violations(HeldReferences.NONE);
    }

    List<String> violations(HeldReferences held) {
        return new InvariantChecker(kernel).check(held);
    }
}
