package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.SwapKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The machine of a scenario: two CPUs, a kernel, the processes by number and the pipes.
 *
 * <p>P0 starts with a base image, one written page of program and one of stack, whose tables every {@code vmpte} leaves out.
 */
public final class LitmusWorld {
    private static final int CPUS = 2;
    private static final long MEMORY_BYTES = 64L << 30;
    private static final long PROGRAM_VADDR = 0x400000L;
    private static final long STACK_VADDR = 0x7fff_fffd_e000L;

    private final Kernel kernel;
    private final Pipes pipes;
    /** By number; null for a process that has ended. */
    private final TreeMap<Integer, @Nullable LitmusProcess> processes = new TreeMap<>();
    private final long baseTableBytes;
    private final long freePagesAtBoot;
    private final long tablesAtBoot;

    /** Boots the machine and starts P0. */
    public LitmusWorld(Design design, TlbPolicy tlbPolicy) {
        Machine machine = Machine.builder().cpus(CPUS).memoryBytes(MEMORY_BYTES).tlbPolicy(tlbPolicy)
                .executor(new SingleThreadExecutor()).build();
        kernel = new Kernel(machine, design);
        pipes = new Pipes(kernel);
        freePagesAtBoot = kernel.pageAllocator().freePageCount();
        tablesAtBoot = kernel.pageTables().physicalTables();
        LitmusProcess first = start(0, kernel.newMm(machine.cpu(0)), machine.cpu(0));
        mapBase(first, PROGRAM_VADDR, VmFlags.EXEC);
        mapBase(first, STACK_VADDR, VmFlags.GROWSDOWN);
        baseTableBytes = first.mm().pgtablesBytes();
    }

    /** Why: with flags that no test area has, so that none merges with it. */
    private void mapBase(LitmusProcess process, long vaddr, long extraFlags) {
        long flags = VmFlags.READ | VmFlags.WRITE | VmFlags.MAY_FLAGS | VmFlags.ACCOUNT | extraFlags;
        Cpu cpu = process.cpu();
        int error = kernel.memoryMap().mmapRegion(cpu, process.mm(), vaddr, Paging.PAGE_BYTES, flags, null,
                vaddr >>> Paging.PAGE_SHIFT);
        if (error != 0 || UserAccess.faultOf(kernel.userAccess().writeByte(cpu, process.mm(), vaddr, 1)) != null) {
            throw new IllegalStateException("the base image of P0 cannot be made");
        }
    }

    private LitmusProcess start(int number, @Nullable MmStruct mm, Cpu cpu) {
        if (mm == null) {
            throw new IllegalStateException("no memory for P" + number);
        }
        LitmusProcess process = new LitmusProcess(number, mm, cpu);
        processes.put(number, process);
        return process;
    }

    public Kernel kernel() {
        return kernel;
    }

    Pipes pipes() {
        return pipes;
    }

    /** Numbers of all processes that ever ran, ascending. */
    Collection<Integer> numbers() {
        return processes.keySet();
    }

    /** The living process of that number, or null. */
    @Nullable
    LitmusProcess process(int number) {
        return processes.get(number);
    }

    /** The address spaces of the living processes by number. */
    List<LitmusProcess> living() {
        List<LitmusProcess> living = new ArrayList<>();
        for (LitmusProcess process : processes.values()) {
            if (process != null) {
                living.add(process);
            }
        }
        return living;
    }

    /** VmPTE in kB, relative to the base image. */
    long vmPteKib(LitmusProcess process) {
        return (process.mm().pgtablesBytes() - baseTableBytes) >> 10;
    }

    /** Forks; the child runs where its parent runs. False if there is no memory. */
    boolean fork(LitmusProcess parent, int child) {
        MmStruct mm = kernel.fork(parent.cpu(), parent.mm());
        if (mm != null) {
            start(child, mm, parent.cpu());
        }
        return mm != null;
    }

    /** Ends a process in whatever way: buffers first, then its address space; what it spliced into pipes stays. */
    void end(LitmusProcess process) {
        processes.put(process.number(), null);
        process.buffers().unregisterAll(kernel.gupStrategy(), process.cpu());
        kernel.exitMmap(process.cpu(), process.mm());
    }

    /** Turns on a swap area: a file's write-back is asynchronous, zram's is not. */
    void swapon(SwapKind kind) {
        SwapInfo.Kind area = kind == SwapKind.ZRAM ? SwapInfo.Kind.ZRAM : SwapInfo.Kind.FILE;
        kernel.swap().swapon(kernel.machine().cpu(0), area);
    }

    /** Ends all processes, empties the pipes and the LRU batches; what is missing then has leaked. */
    List<String> shutDown() {
        living().forEach(this::end);
        pipes.drain(kernel.machine().cpu(0));
        kernel.lru().lruAddDrainAll(kernel.machine().cpu(0));
        List<String> leaks = new ArrayList<>();
        if (kernel.swap().slotsInUse() != 0) {
            leaks.add(kernel.swap().slotsInUse() + " swap slots have leaked");
        }
        long frames = freePagesAtBoot - kernel.pageAllocator().freePageCount();
        if (frames != 0) {
            leaks.add(frames + " frames have leaked");
        }
        long tables = kernel.pageTables().physicalTables() - tablesAtBoot;
        if (tables != 0) {
            leaks.add(tables + " page tables have leaked");
        }
        return leaks;
    }
}
