package dev.cowtable.suite.compare;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.ArrayList;
import java.util.List;

/**
 * A freshly booted machine under one design.
 *
 * <p>The parent has a thread on each of the first two CPUs, so that every flush of it interrupts another CPU; children
 * run on the third. Pages are reclaimed from the fourth.
 */
public final class Lab {
    private static final int CPUS = 4;
    private static final long MEMORY_BYTES = 256L << 30;

    private final Kernel kernel;
    private final long freePagesAtBoot;
    private final long tablesAtBoot;

    public Lab(Design design) {
        Machine machine = Machine.builder().cpus(CPUS).memoryBytes(MEMORY_BYTES).tlbPolicy(TlbPolicy.REALISTIC)
                .executor(new SingleThreadExecutor()).build();
        kernel = new Kernel(machine, design);
        freePagesAtBoot = kernel.pageAllocator().freePageCount();
        tablesAtBoot = kernel.pageTables().physicalTables();
    }

    public Kernel kernel() {
        return kernel;
    }

    /** Where the parent's main thread runs. */
    Cpu mainCpu() {
        return kernel.machine().cpu(0);
    }

    /** Where the parent's second thread runs. */
    Cpu helperCpu() {
        return kernel.machine().cpu(1);
    }

    Cpu childCpu() {
        return kernel.machine().cpu(2);
    }

    /** Where reclaim runs, and no process. */
    Cpu reclaimCpu() {
        return kernel.machine().cpu(3);
    }

    /** Page-table pages that belong to processes, each counted once, top tables included. */
    long processTables() {
        return kernel.pageTables().physicalTables() - tablesAtBoot;
    }

    /** The most that {@link #processTables} was since the kernel's peak was reset. */
    long peakProcessTables() {
        return kernel.peakTables() - tablesAtBoot;
    }

    /** What is missing once every process has exited. */
    List<String> leaks() {
        kernel.lru().lruAddDrainAll(kernel.machine().cpu(0));
        List<String> leaks = new ArrayList<>();
        long frames = freePagesAtBoot - kernel.pageAllocator().freePageCount();
        if (frames != 0) {
            leaks.add(frames + " frames have leaked");
        }
        if (processTables() != 0) {
            leaks.add(processTables() + " page tables have leaked");
        }
        long slots = kernel.swap().slotsInUse();
        if (slots != 0) {
            leaks.add(slots + " swap slots have leaked");
        }
        return leaks;
    }
}
