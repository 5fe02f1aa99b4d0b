package dev.cowtable.suite.bench;

import static dev.cowtable.suite.bench.PagingScene.USER_READ;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.InterruptHandler;
import dev.cowtable.mmu.cpu.Machine;
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

/**
 * Five CPUs hold a page; one drops it and interrupts the four others, which are idle, so that it runs their handlers
 * itself.
 *
 * <p>Differs: allocates the request and its place in four queues, so it stands outside {@link AllocationCheck}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class ShootdownBenchmark {
    static final int PAGES = 512;
    private static final int CPUS = 5;
    private static final long OTHERS = (1L << CPUS) - 2;

    PagingScene scene;
    private long shotVaddr;
    private final InterruptHandler handler = target -> target.invlpg(shotVaddr);

    /** Runs the laboratory's other executors first, then maps the pages. */
    @Setup(Level.Trial)
    public void touch() {
        LoadEverything.run();
        scene = new PagingScene(TlbPolicy.REALISTIC, CPUS, PAGES, Paging.PAGE_BYTES);
    }

    /** The whole of it, then the translation of the page on all five, each of which walks from the root. */
    @Benchmark
    @OperationsPerInvocation(PAGES)
    public long shootdownTo4AndTranslateOn5() {
        long sum = 0;
        for (long vaddr : scene.vaddrs) {
            shootDown(vaddr);
            for (int id = 0; id < CPUS; id++) {
                sum += scene.machine.cpu(id).translate(vaddr, USER_READ);
            }
        }
        return sum;
    }

    private void shootDown(long vaddr) {
        Machine machine = scene.machine;
        Cpu sender = scene.cpu;
        shotVaddr = vaddr;
        sender.invlpg(vaddr);
        machine.awaitIpi(sender, machine.sendIpi(sender, OTHERS, handler));
    }
}
