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

/** Write faults after a fork: the page is reused because the child is gone, or copied because it lives. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class WriteFaultBenchmark {
    static final int PAGES = 16_384;

    @Param({"classic", "relaxed"})
    public String design;

    @Param({"reuse", "copy"})
    public String fault;

    BenchWorld world;
    private MmStruct child;

    /** Makes the process. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        makeWorld();
    }

    void makeWorld() {
        world = new BenchWorld(design, PAGES);
        world.writeAll(world.parent);
    }

    /** Write-protects all pages by a fork; for reuse the child ends at once. */
    @Setup(Level.Invocation)
    public void protect() {
        child = world.fork();
        if (fault.equals("reuse")) {
            world.exit(child);
        }
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public void writeFault() {
        world.writeAll(world.parent);
    }

    /** Ends the child that was kept alive. */
    @TearDown(Level.Invocation)
    public void endChild() {
        if (fault.equals("copy")) {
            world.exit(child);
        }
    }
}
