package dev.cowtable.suite.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
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
 * The four atomic operations that fork does for a page, on bare arrays: the floor that this machine sets for {@link ForkBenchmark}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked
public class BareAtomicsBenchmark {
    private static final int PTES = ForkBenchmark.PTES;
    private static final int EXCLUSIVE = 2;
    private static final long RW = 2;
    private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final int[] refcount = new int[PTES];
    private final int[] mapcount = new int[PTES];
    private final int[] flags = new int[PTES];
    private final long[] parent = new long[PTES];
    private final long[] child = new long[PTES];

    /** Makes all pages exclusive and writable. */
    @Setup(Level.Invocation)
    public void reset() {
        Arrays.fill(flags, EXCLUSIVE);
        Arrays.fill(parent, RW);
    }

    @Benchmark
    @OperationsPerInvocation(PTES)
    public void fork() {
        for (int i = 0; i < PTES; i++) {
            long pte = (long) LONGS.getAcquire(parent, i);
            INTS.getAndAdd(refcount, i, 1);
            if (((int) INTS.getOpaque(flags, i) & EXCLUSIVE) != 0) {
                INTS.getAndBitwiseAnd(flags, i, ~EXCLUSIVE);
            }
            INTS.getAndAdd(mapcount, i, 1);
            LONGS.getAndBitwiseAnd(parent, i, ~RW);
            LONGS.setRelease(child, i, pte & ~RW);
        }
    }
}
