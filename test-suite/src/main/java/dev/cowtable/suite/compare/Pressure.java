package dev.cowtable.suite.compare;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.lru.LruScan;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A kernel thread on a CPU of its own that takes anonymous pages back from their mappers, in lots as a scan of the LRU lists does. */
final class Pressure {
    private static final int LOT = 32;
    private static final LruList[] LISTS = {LruList.INACTIVE_ANON, LruList.ACTIVE_ANON};

    /** Told how many pages were looked at. */
    @FunctionalInterface
    interface Listener {
        void progress(long done, long total);
    }

    private final Kernel kernel;
    private final Cpu cpu;
    private final LruScan scan;

    Pressure(Lab lab) {
        kernel = lab.kernel();
        cpu = lab.reclaimCpu();
        scan = kernel.lru().scan();
    }

    /**
     * Turns a swap area on and gives the pages a random age.
     *
     * <p>Why: a process was rebuilt in the order of its addresses, in which no real one has used its pages.
     */
    void begin(SplittableRandom random) {
        kernel.swap().swapon(cpu, SwapInfo.Kind.ZRAM);
        kernel.lru().lruAddDrainAll(cpu);
        for (LruList list : LISTS) {
            long[] pfns = new long[(int) scan.count(list)];
            int taken = scan.isolateLruFolios(cpu, list, pfns, pfns.length);
            for (int i = taken - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                long swapped = pfns[i];
                pfns[i] = pfns[j];
                pfns[j] = swapped;
            }
            scan.moveFoliosToLru(cpu, pfns, taken);
        }
    }

    /** Number of anonymous pages that are on a list. */
    long pages() {
        return Arrays.stream(LISTS).mapToLong(scan::count).sum();
    }

    /**
     * Tries to free that many of the oldest pages, each once.
     *
     * @throws UnsupportedOperationException if the design takes no pages away
     */
    void reclaim(long wanted, Listener listener) {
        long[] lot = new long[LOT];
        for (long done = 0; done < wanted;) {
            kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
            int max = (int) Math.min(LOT, wanted - done);
            int taken = 0;
            for (int list = 0; list < LISTS.length && taken == 0; list++) {
                taken = scan.isolateLruFolios(cpu, LISTS[list], lot, max);
            }
            kernel.reclaim().reclaimPages(cpu, lot, taken);
            done += max;
            listener.progress(done, wanted);
        }
    }
}
