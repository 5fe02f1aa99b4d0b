package dev.cowtable.suite.bench;

import static dev.cowtable.suite.bench.PagingScene.PCID;
import static dev.cowtable.suite.bench.PagingScene.USER_READ;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
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

/** An invalidation on one CPU and then a translation, which has to walk from the root and to fill all caches again. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class InvalidationBenchmark {
    static final int PAGES = 512;
    private static final int ONE_ADDRESS = 0;
    private static final int ONE_CONTEXT = 1;
    private static final long NO_FLUSH = 1L << 63;

    PagingScene scene;

    /** Runs the laboratory's other executors first, then maps the pages. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        scene = new PagingScene(TlbPolicy.REALISTIC, 1, PAGES, Paging.PAGE_BYTES);
    }

    /** One page of 512 that the TLB holds. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long invlpgAndTranslate() {
        Cpu cpu = scene.cpu;
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            cpu.invlpg(vaddr);
            sum += cpu.translate(vaddr, USER_READ);
        }
        return sum;
    }

    /** INVPCID of type 0: the same page by its PCID. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long invpcidAddressAndTranslate() {
        Cpu cpu = scene.cpu;
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            sum += cpu.invpcid(ONE_ADDRESS, PCID, vaddr) + cpu.translate(vaddr, USER_READ);
        }
        return sum;
    }

    /** INVPCID of type 1: all of a PCID. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long invpcidContextAndTranslate() {
        Cpu cpu = scene.cpu;
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            sum += cpu.invpcid(ONE_CONTEXT, PCID, 0) + cpu.translate(vaddr, USER_READ);
        }
        return sum;
    }

    /** MOV to CR3 with bit 63 clear: the new PCID is flushed. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long movToCr3AndTranslate() {
        return moveAndTranslate(0);
    }

    /** MOV to CR3 with bit 63 set: nothing is flushed, and the translation is found. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long movToCr3KeepingAndTranslate() {
        return moveAndTranslate(NO_FLUSH);
    }

    private long moveAndTranslate(long flag) {
        Cpu cpu = scene.cpu;
        long cr3 = scene.cr3() | flag;
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            sum += cpu.movToCr3(cr3) + cpu.translate(vaddr, USER_READ);
        }
        return sum;
    }
}
