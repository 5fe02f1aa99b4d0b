package dev.cowtable.suite.bench;

import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.tlb.TlbPolicy;
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

/** fork() of 1 GiB of anonymous memory, all pages exclusive and writable before, per PTE. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class ForkBenchmark {
    static final int PTES = 262_144;

    @Param({"classic", "relaxed"})
    public String design;

    @Param({"ascending", "shuffled"})
    public String frames;

    private BenchWorld world;
    private MmStruct child;

    /** Makes the process. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        world = new BenchWorld(design, TlbPolicy.NONE, PTES, frames.equals("shuffled"));
    }

    @Benchmark
    @OperationsPerInvocation(PTES)
    public MmStruct fork() {
        child = world.fork();
        return child;
    }

    /** Makes all pages exclusive again. */
    @TearDown(Level.Invocation)
    public void endChild() {
        world.exit(child);
        world.writeAll(world.parent);
    }
}
