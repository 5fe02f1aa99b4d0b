package dev.cowtable.suite.locks;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.suite.explore.Body;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * The processes of one run on one kernel: set up before the run, then a body for each CPU.
 *
 * <p>Page {@code p} belongs to thread {@code p mod threads} of each process, which alone reads and writes it there, so that it knows what it
 * must read. All read everywhere and write to the first half of the tables. What a body does depends on the seed alone and not on the design.
 */
final class LockScene {
    private static final long VADDR = 0x4000_0000L;
    private static final int ORIGINAL = 1;
    private static final int ROUNDS = 32;
    private static final int ROUNDS_OF_FORK = 8;
    private static final int RECLAIM_LOTS = 8;
    private static final int RECLAIM_LOT = 32;

    /** Told by each body what it is about to do. */
    @FunctionalInterface
    interface Listener {
        void begins(Cpu cpu, LockCause cause);
    }

    private final Kernel kernel;
    private final LockOptions options;
    private final long seed;
    private final Listener listener;
    private final List<MmStruct> mms = new ArrayList<>();
    private final byte[][] contents;
    private final int[] running;
    private final List<String> wrong = new ArrayList<>();
    private long pagesFreed;

    LockScene(Kernel kernel, LockOptions options, long seed, Listener listener) {
        this.kernel = kernel;
        this.options = options;
        this.seed = seed;
        this.listener = listener;
        contents = new byte[options.processes()][options.pages()];
        running = new int[options.processes()];
        setUp(kernel.machine().cpu(0));
    }

    private static long vaddr(int page) {
        return VADDR + ((long) page << Paging.PAGE_SHIFT);
    }

    // ---------------------------------------------------------------- before the run

    private void setUp(Cpu boot) {
        if (options.reclaim()) {
            kernel.swap().swapon(boot, SwapInfo.Kind.ZRAM);
        }
        MmStruct parent = Objects.requireNonNull(kernel.newMm(boot), "no memory for a process");
        long bytes = (long) options.pages() << Paging.PAGE_SHIFT;
        kernel.memoryMap().mmapAnonymous(boot, parent, VADDR, bytes, VmFlags.READ | VmFlags.WRITE, false);
        for (int page : shuffledPages()) {
            kernel.userAccess().writeByte(boot, parent, vaddr(page), ORIGINAL);
        }
        kernel.lru().lruAddDrainAll(boot);
        mms.add(parent);
        for (int child = 1; child < options.processes(); child++) {
            mms.add(fork(boot));
        }
        for (int cpu = 0; cpu < options.processes() * options.threads(); cpu++) {
            int process = cpu / options.threads();
            running[process]++;
            kernel.userAccess().readByte(kernel.machine().cpu(cpu), mms.get(process), VADDR);
        }
        for (byte[] pages : contents) {
            Arrays.fill(pages, (byte) ORIGINAL);
        }
    }

    /** Why shuffled: reclaim takes the oldest pages first, which shall lie in all tables. */
    private int[] shuffledPages() {
        int[] pages = new int[options.pages()];
        SplittableRandom random = random(Machine.MAX_CPUS - 1);
        for (int i = 0; i < pages.length; i++) {
            int j = random.nextInt(i + 1);
            pages[i] = pages[j];
            pages[j] = i;
        }
        return pages;
    }

    private MmStruct fork(Cpu cpu) {
        return Objects.requireNonNull(kernel.fork(cpu, mms.getFirst()), "no memory for a child");
    }

    // ---------------------------------------------------------------- the run

    /** The bodies by CPU. */
    List<Body> bodies() {
        List<Body> bodies = new ArrayList<>();
        for (int i = 0; i < options.processes() * options.threads(); i++) {
            int process = i / options.threads();
            int thread = i % options.threads();
            bodies.add(cpu -> runThread(cpu, process, thread));
        }
        if (options.reclaim()) {
            bodies.add(this::reclaim);
        }
        return bodies;
    }

    private SplittableRandom random(int body) {
        return new SplittableRandom(seed * Long.SIZE + body);
    }

    private void runThread(Cpu cpu, int process, int thread) {
        SplittableRandom random = random(cpu.id());
        for (int round = 0; round < ROUNDS; round++) {
            if (process == 0 && thread == 0 && round % ROUNDS_OF_FORK == 0) {
                forkAndExit(cpu);
            }
            int page = ownPage(random, thread, options.writtenPages());
            write(cpu, process, page, random.nextInt(ORIGINAL + 1, Byte.MAX_VALUE));
            read(cpu, process, ownPage(random, thread, options.pages()));
        }
        if (--running[process] == 0 && process != 0) {
            listener.begins(cpu, LockCause.EXIT);
            kernel.exitMmap(cpu, mms.get(process));
        }
    }

    private int ownPage(SplittableRandom random, int thread, int ofPages) {
        return random.nextInt(ofPages / options.threads()) * options.threads() + thread;
    }

    private void forkAndExit(Cpu cpu) {
        listener.begins(cpu, LockCause.FORK);
        MmStruct child = fork(cpu);
        listener.begins(cpu, LockCause.EXIT);
        kernel.exitMmap(cpu, child);
    }

    private void write(Cpu cpu, int process, int page, int value) {
        listener.begins(cpu, LockCause.WRITE);
        if (kernel.userAccess().writeByte(cpu, mms.get(process), vaddr(page), value) < 0) {
            wrong.add("process " + process + " may not write page " + page);
        }
        contents[process][page] = (byte) value;
    }

    private void read(Cpu cpu, int process, int page) {
        listener.begins(cpu, LockCause.READ);
        long value = kernel.userAccess().readByte(cpu, mms.get(process), vaddr(page));
        if (value != contents[process][page]) {
            wrong.add("process " + process + " reads " + value + " from page " + page + " and should read "
                    + contents[process][page]);
        }
    }

    /** Takes the oldest pages of the lists away, used recently or not. */
    private void reclaim(Cpu cpu) {
        listener.begins(cpu, LockCause.RECLAIM);
        long[] lot = new long[RECLAIM_LOT];
        for (int i = 0; i < RECLAIM_LOTS; i++) {
            kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
            int taken = kernel.lru().scan().isolateLruFolios(cpu, LruList.INACTIVE_ANON, lot, lot.length);
            if (taken == 0) {
                taken = kernel.lru().scan().isolateLruFolios(cpu, LruList.ACTIVE_ANON, lot, lot.length);
            }
            pagesFreed += kernel.reclaim().reclaimPages(cpu, lot, taken);
        }
    }

    // ---------------------------------------------------------------- after the run

    long pagesFreed() {
        return pagesFreed;
    }

    /** Wrong reads, one sentence each; the parent's pages are read once more. */
    List<String> wrongReads() {
        for (int page = 0; page < options.pages(); page++) {
            read(kernel.machine().cpu(0), 0, page);
        }
        return List.copyOf(wrong);
    }
}
