package dev.cowtable.suite.bench;

import dev.cowtable.mm.swap.SwapInfo;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * MADV_PAGEOUT of pages that are the process's alone, and the write faults that bring them back, with no page left in
 * the swap cache.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class SwapBenchmark {
    static final int PAGES = 4_096;

    /** A process, and a swap area. */
    @State(Scope.Benchmark)
    @NullUnmarked
    public static class Memory {
        /** Why one: no table is shared here, and the other designs run the same code. */
        @Param("classic")
        public String design;

        @Param({"zram", "file"})
        public String area;

        BenchWorld world;

        /** Makes the process. */
        @Setup(Level.Trial)
        public void start() {
            LoadEverything.run();
            makeWorld();
        }

        void makeWorld() {
            world = new BenchWorld(design, PAGES);
            world.kernel.swap().swapon(world.cpu, SwapInfo.Kind.valueOf(area.toUpperCase(Locale.ROOT)));
        }

        /** All pages are written anew, and on the LRU lists. */
        void bringBack() {
            world.writeAll(world.parent);
            world.kernel.lru().lruAddDrainAll(world.cpu);
        }

        /** A page whose write has ended is dropped from the swap cache when it is met again. */
        void dropSwapCache() {
            world.kernel.lru().lruAddDrainAll(world.cpu);
            world.kernel.reclaim().shrinkNode(world.cpu, PAGES);
        }
    }

    /** Pages in memory. */
    @State(Scope.Benchmark)
    public static class Resident extends Memory {
        /** Brings all pages back, none of which the swap cache knows then. */
        @Setup(Level.Invocation)
        public void prepare() {
            dropSwapCache();
            bringBack();
        }
    }

    /** Pages in swap. */
    @State(Scope.Benchmark)
    public static class Evicted extends Memory {
        /** Swaps all pages out. */
        @Setup(Level.Invocation)
        public void prepare() {
            bringBack();
            world.pageOut();
            dropSwapCache();
        }
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public void swapOut(Resident memory) {
        memory.world.pageOut();
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public void swapIn(Evicted memory) {
        memory.world.writeAll(memory.world.parent);
    }
}
