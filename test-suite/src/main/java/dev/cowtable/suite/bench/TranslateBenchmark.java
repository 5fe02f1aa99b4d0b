package dev.cowtable.suite.bench;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Translations as throughput: served by the TLB, and by a walk of all four levels. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class TranslateBenchmark {
    private static final int PAGES = 512;

    private Cpu cached;
    private Cpu uncached;

    /** Makes one process with a TLB and one without. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        cached = new BenchWorld("classic", TlbPolicy.REALISTIC, PAGES, false).cpu;
        uncached = new BenchWorld("classic", TlbPolicy.NONE, PAGES, false).cpu;
        translateAll(cached);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long tlbHit() {
        return translateAll(cached);
    }

    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long walk() {
        return translateAll(uncached);
    }

    private static long translateAll(Cpu cpu) {
        long sum = 0;
        for (int page = 0; page < PAGES; page++) {
            sum += cpu.translate(BenchWorld.BASE_VADDR + page * 4096L, Access.READ | Access.USER);
        }
        return sum;
    }
}
