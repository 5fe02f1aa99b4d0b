package dev.cowtable.suite.bench;

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

/** First touches of anonymous memory: a write gets a page of zeros of its own, a read the zero page. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class AnonymousFaultBenchmark {
    static final int PAGES = 4_096;

    /** Why one: no table is shared here, and the other designs run the same code. */
    @Param("classic")
    public String design;

    BenchWorld world;

    /** Makes the process. */
    @Setup(Level.Trial)
    public void start() {
        LoadEverything.run();
        makeWorld();
    }

    void makeWorld() {
        world = new BenchWorld(design, PAGES);
    }

    /** Maps the memory anew. */
    @Setup(Level.Invocation)
    public void map() {
        world.map();
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public void write() {
        world.writeAll(world.parent);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long readZeroPage() {
        return world.readAll(world.parent);
    }
}
