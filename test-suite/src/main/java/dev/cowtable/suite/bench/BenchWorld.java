package dev.cowtable.suite.bench;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Objects;
import java.util.Random;

/** A kernel with one process that has written a stretch of anonymous memory, each page by a fault of its own. */
final class BenchWorld {
    static final long BASE_VADDR = 0x2_0000_0000L;

    private static final long MEMORY_BYTES = 64L << 30;

    final Kernel kernel;
    final Cpu cpu;
    final MmStruct parent;
    private final int pages;

    /**
     * Makes the process and touches its pages.
     *
     * @param shuffled pages are touched in a random order, so that neighbours do not lie in neighbouring frames
     */
    BenchWorld(String design, TlbPolicy policy, int pages, boolean shuffled) {
        Machine machine = Machine.builder().cpus(2).memoryBytes(MEMORY_BYTES).tlbPolicy(policy)
                .executor(new SingleThreadExecutor()).build();
        this.kernel = new Kernel(machine, Design.parse(design));
        this.cpu = machine.cpu(0);
        this.parent = Objects.requireNonNull(kernel.newMm(cpu));
        this.pages = pages;
        kernel.memoryMap().mmapAnonymous(cpu, parent, BASE_VADDR, pages * 4096L, VmFlags.READ | VmFlags.WRITE, false);
        for (int page : order(pages, shuffled)) {
            write(parent, page);
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
        if (kernel.userAccess().writeByte(cpu, mm, BASE_VADDR + page * 4096L, 0) != 0) {
            throw new IllegalStateException("page " + page + " cannot be written");
        }
    }

    /** After this every page is exclusive and writable again: each write takes a fault that reuses the page. */
    void writeAll(MmStruct mm) {
        for (int page = 0; page < pages; page++) {
            write(mm, page);
        }
    }
}
