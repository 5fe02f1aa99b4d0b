package dev.cowtable.suite.bench;

import static dev.cowtable.suite.bench.PagingScene.USER_READ;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The paging unit with every feature on, as throughput: no translation waits for the one before.
 *
 * <p>Why: a loop inlined into the harness's own shares the registers with it, and in some runs the compiler then keeps
 * all it needs on the stack.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@CompilerControl(CompilerControl.Mode.DONT_INLINE)
@NullUnmarked
public class TranslateBenchmark {
    static final int PAGES = 512;
    /** So few that what is loaded from them stays in the data cache of the machine's own CPU. */
    static final int FEW_PAGES = 64;
    /** More than the TLB holds, in fewer tables than the PDE cache holds. */
    static final int MANY_PAGES = 4096;
    private static final long GIBIBYTE = 1L << 30;

    PagingScene hot;
    PagingScene few;
    PagingScene wide;
    PagingScene far;
    PagingScene uncached;
    private final long[] word = new long[1];

    /** Runs the laboratory's other executors first, then maps the scenes. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        map();
    }

    void map() {
        hot = new PagingScene(TlbPolicy.REALISTIC, 1, PAGES, Paging.PAGE_BYTES);
        few = new PagingScene(TlbPolicy.REALISTIC, 1, FEW_PAGES, Paging.PAGE_BYTES);
        wide = new PagingScene(TlbPolicy.REALISTIC, 1, MANY_PAGES, Paging.PAGE_BYTES);
        far = new PagingScene(TlbPolicy.REALISTIC, 1, MANY_PAGES, 8 * GIBIBYTE + Paging.PAGE_BYTES);
        uncached = new PagingScene(TlbPolicy.NONE, 1, PAGES, Paging.PAGE_BYTES);
        hot.chain();
        few.chain();
    }

    /** The TLB holds the page. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long tlbHit() {
        return translateAll(hot);
    }

    /** A load of 8 bytes from a page that the TLB holds. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long tlbHitAndLoad() {
        return loadAll(hot);
    }

    /** The same, of fewer pages. */
    @Benchmark
    @OperationsPerInvocation(FEW_PAGES)
    public long tlbHitAndLoadOf64Pages() {
        return loadAll(few);
    }

    /** The TLB misses and takes the translation in; the walk starts at a cached PDE. */
    @Benchmark
    @OperationsPerInvocation(MANY_PAGES)
    public long missServedByPde() {
        return translateAll(wide);
    }

    /** The TLB misses and all structure caches but that of PML4Es, and all are filled; 32 MiB of tables. */
    @Benchmark
    @OperationsPerInvocation(MANY_PAGES)
    public long missAndRefillAll() {
        return translateAll(far);
    }

    /** Four levels on a CPU that caches nothing. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long fullWalk() {
        return translateAll(uncached);
    }

    private long loadAll(PagingScene scene) {
        Cpu cpu = scene.cpu;
        long[] out1 = word;
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            cpu.readWord(vaddr, USER_READ, out1);
            sum += out1[0];
        }
        return sum;
    }

    private static long translateAll(PagingScene scene) {
        Cpu cpu = scene.cpu;
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            sum += cpu.translate(vaddr, USER_READ);
        }
        return sum;
    }
}
