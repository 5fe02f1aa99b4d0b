package dev.cowtable.suite.bench;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Objects;
import java.util.Random;

/** A kernel with one process that has a stretch of anonymous memory and writes it, each page by a fault of its own. */
final class BenchWorld {
    static final long BASE_VADDR = 0x2_0000_0000L;

    private static final long MEMORY_BYTES = 64L << 30;

    final Kernel kernel;
    final Cpu cpu;
    final MmStruct parent;
    private final int pages;
    private final int value;

    /**
     * Makes the process and writes zeros to its pages, which takes no memory of this JVM.
     *
     * @param shuffled pages are touched in a random order, so that neighbours do not lie in neighbouring frames
     */
    BenchWorld(String design, TlbPolicy policy, int pages, boolean shuffled) {
        this(design, policy, pages, 0);
        for (int page : order(pages, shuffled)) {
            write(parent, page);
        }
    }

    /** Makes the process; it has touched nothing yet, and what it writes has to be kept, copied and swapped. */
    BenchWorld(String design, int pages) {
        this(design, TlbPolicy.REALISTIC, pages, 1);
    }

    private BenchWorld(String design, TlbPolicy policy, int pages, int value) {
        Machine machine = Machine.builder().cpus(2).memoryBytes(MEMORY_BYTES).tlbPolicy(policy)
                .executor(new SingleThreadExecutor()).build();
        this.kernel = new Kernel(machine, Design.parse(design));
        this.cpu = machine.cpu(0);
        this.parent = Objects.requireNonNull(kernel.newMm(cpu));
        this.pages = pages;
        this.value = value;
        map();
    }

    /** Maps the stretch; what was mapped there goes. */
    void map() {
        check(kernel.memoryMap().mmapAnonymous(cpu, parent, BASE_VADDR, bytes(), VmFlags.READ | VmFlags.WRITE, false));
    }

    /** Unmaps the parent's stretch, so many pages in each call. */
    void unmap(int pagesEach) {
        for (int page = 0; page < pages; page += pagesEach) {
            check(kernel.memoryMap().munmap(cpu, parent, BASE_VADDR + page * 4096L, pagesEach * 4096L));
        }
    }

    /** Swaps the parent's pages out: MADV_PAGEOUT. */
    void pageOut() {
        check(kernel.memoryMap().madvise(cpu, parent, BASE_VADDR, bytes(), Advice.PAGEOUT));
    }

    private long bytes() {
        return pages * 4096L;
    }

    private static void check(long result) {
        if (result != 0) {
            throw new IllegalStateException("a call or an access ends with " + result);
        }
    }

    private static int[] order(int pages, boolean shuffled) {
        int[] order = new int[pages];
        Random random = new Random(1);
        for (int i = 0; i < pages; i++) {
            int other = shuffled ? random.nextInt(i + 1) : i;
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    MmStruct fork() {
        return Objects.requireNonNull(kernel.fork(cpu, parent));
    }

    void exit(MmStruct mm) {
        kernel.exitMmap(cpu, mm);
    }

    void write(MmStruct mm, int page) {
        check(kernel.userAccess().writeByte(cpu, mm, BASE_VADDR + page * 4096L, value));
    }

    /** The frame of one of the parent's pages. */
    long pfn(int page) {
        PageTables tables = kernel.pageTables();
        long vaddr = BASE_VADDR + page * 4096L;
        PtDesc table = Objects.requireNonNull(tables.desc(cpu.memory().read(tables.pmdOffset(cpu, parent, vaddr))));
        return Pte.pfn(cpu.memory().read(PageTables.ptePaddr(table, vaddr)));
    }

    /** After this every page is exclusive and writable again: each write takes a fault that reuses the page. */
    void writeAll(MmStruct mm) {
        for (int page = 0; page < pages; page++) {
            write(mm, page);
        }
    }

    /** The sum of the first bytes of all pages. */
    long readAll(MmStruct mm) {
        long sum = 0;
        for (int page = 0; page < pages; page++) {
            sum += kernel.userAccess().readByte(cpu, mm, BASE_VADDR + page * 4096L);
        }
        return sum;
    }
}
