package dev.cowtable.suite.bench;

import static dev.cowtable.suite.bench.PagingScene.USER_READ;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.mem.PhysicalMemory;
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

/** Latency: each load's address is what the load before it has read, in a random round through pages in the TLB. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class LoadChainBenchmark {
    private static final int LOADS = 1024;

    @Param({"16", "512"})
    public int pages;

    PagingScene scene;
    private final long[] word = new long[1];

    /** Runs the laboratory's other executors first, then maps the pages. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        scene = new PagingScene(TlbPolicy.REALISTIC, 1, pages, Paging.PAGE_BYTES);
        scene.chain();
    }

    /** The words are linear addresses. */
    @Benchmark
    @OperationsPerInvocation(LOADS)
    public long throughTranslation() {
        Cpu cpu = scene.cpu;
        long[] out1 = word;
        long vaddr = scene.vaddrs[0];
        for (int i = 0; i < LOADS; i++) {
            cpu.readWord(vaddr, USER_READ, out1);
            vaddr = out1[0];
        }
        return vaddr;
    }

    /** The words are physical addresses, in the same round. */
    @Benchmark
    @OperationsPerInvocation(LOADS)
    public long withoutTranslation() {
        PhysicalMemory memory = scene.machine.memory();
        long paddr = scene.paddrs[0] + Long.BYTES;
        for (int i = 0; i < LOADS; i++) {
            paddr = memory.read(paddr);
        }
        return paddr;
    }
}
