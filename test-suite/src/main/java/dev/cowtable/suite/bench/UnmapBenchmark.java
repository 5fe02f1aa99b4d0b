package dev.cowtable.suite.bench;

import dev.cowtable.mm.vma.MmStruct;
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

/** munmap() in pieces of 2 MiB, per page; the pages are the process's alone and are freed, or a child maps them too. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class UnmapBenchmark {
    static final int PAGES = 4_096;
    private static final int PAGES_EACH = 512;

    @Param({"classic", "relaxed"})
    public String design;

    @Param({"alone", "shared"})
    public String pages;

    BenchWorld world;
    private MmStruct child;

    /** Makes the process. */
    @Setup(Level.Trial)
    public void start() {
        LoadEverything.run();
        makeWorld();
    }

    void makeWorld() {
        world = new BenchWorld(design, PAGES);
    }

    /** Maps and writes the memory. */
    @Setup(Level.Invocation)
    public void touch() {
        world.map();
        world.writeAll(world.parent);
        if (pages.equals("shared")) {
            child = world.fork();
        }
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public void unmap() {
        world.unmap(PAGES_EACH);
    }

    /** Ends the child, if there is one. */
    @TearDown(Level.Invocation)
    public void endChild() {
        if (pages.equals("shared")) {
            world.exit(child);
        }
    }
}
