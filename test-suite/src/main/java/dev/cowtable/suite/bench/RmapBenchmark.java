package dev.cowtable.suite.bench;

import dev.cowtable.mm.rmap.FolioReferenced;
import java.util.Arrays;
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

/** The question who has used a page, asked of a page that a process and its 100 children map: folio_referenced(). */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class RmapBenchmark {
    static final int PAGES = 512;
    static final int CHILDREN = 100;

    @Param({"classic", "relaxed"})
    public String design;

    BenchWorld world;
    private final long[] pfns = new long[PAGES];

    /** Makes the processes. */
    @Setup(Level.Trial)
    public void start() {
        LoadEverything.run();
        makeWorld();
    }

    void makeWorld() {
        world = new BenchWorld(design, PAGES);
        world.writeAll(world.parent);
        Arrays.setAll(pfns, page -> world.pfn(page));
        for (int i = 0; i < CHILDREN; i++) {
            world.fork();
        }
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public int referenced() {
        int sum = 0;
        for (long pfn : pfns) {
            sum += new FolioReferenced(world.kernel).referenced(world.cpu, pfn);
        }
        return sum;
    }
}
