package dev.cowtable.suite.bench;

import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import java.util.ArrayList;
import java.util.List;
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
import org.openjdk.jmh.annotations.TearDown;

/**
 * Reclaim to zram of pages that nobody else maps, or 100 children as well: each page is looked up twice, as the first
 * look finds it used, and is then taken away from all who map it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class ReclaimBenchmark {
    private static final int PAGES = 2_048;
    /** Half of all. */
    static final int RECLAIMED = 1_024;

    @Param({"classic", "relaxed"})
    public String design;

    @Param({"0", "100"})
    public int children;

    BenchWorld world;
    private final List<MmStruct> sharers = new ArrayList<>();

    /** Makes the process. */
    @Setup(Level.Trial)
    public void start() {
        LoadEverything.run();
        makeWorld();
    }

    void makeWorld() {
        world = new BenchWorld(design, PAGES);
        world.kernel.swap().swapon(world.cpu, SwapInfo.Kind.ZRAM);
    }

    /** Writes the memory and makes the children. */
    @Setup(Level.Invocation)
    public void share() {
        world.map();
        world.writeAll(world.parent);
        for (int i = 0; i < children; i++) {
            sharers.add(world.fork());
        }
        world.kernel.lru().lruAddDrainAll(world.cpu);
    }

    @Benchmark
    @OperationsPerInvocation(RECLAIMED)
    public long reclaim() {
        return world.kernel.reclaim().shrinkNode(world.cpu, RECLAIMED);
    }

    /** Ends the children. */
    @TearDown(Level.Invocation)
    public void endChildren() {
        sharers.forEach(world::exit);
        sharers.clear();
    }
}
