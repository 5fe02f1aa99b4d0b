package dev.cowtable.mm.lock;

import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Counts how spin locks are taken, waited for and held, by class and by what the CPU was doing.
 *
 * <p>The clock is a count of steps, the shared accesses of one CPU. A hold lasts the steps that its CPU makes from the acquisition up to
 * and including the store that gives the lock up. A wait lasts the steps that the lock's holders make meanwhile: who waits makes none, and
 * what a scheduler lets other CPUs do in between does not count. Of two locks held together each is held for the whole of its own time.
 *
 * <p>Mirrors: CONFIG_LOCK_STAT. Locks: one CPU runs at a time, as under a scheduling executor.
 */
public final class LockStatistics implements LockObserver {
    private static final int CLASSES = LockClass.values().length;

    private final Counters counters;
    private final IntToLongFunction stepsOf;
    private final int[] causeOf;
    /** By CPU: {@link Lock#busySteps} when it began to wait, or -1. */
    private final long[] busyAtWait;
    private final LockFigures[][] figures;
    private final LockFigures[] breaking = new LockFigures[CLASSES];
    private @Nullable Lock[] locks = new Lock[256];

    /**
     * Statistics in which nothing is counted yet.
     *
     * @param stepsOf steps that a CPU has made, by its number
     * @param causes number of things that a CPU may be doing
     */
    public LockStatistics(Counters counters, IntToLongFunction stepsOf, int cpuCount, int causes) {
        this.counters = counters;
        this.stepsOf = stepsOf;
        this.causeOf = new int[cpuCount];
        this.busyAtWait = new long[cpuCount];
        Arrays.fill(busyAtWait, -1);
        this.figures = new LockFigures[causes][CLASSES];
        for (LockFigures[] row : figures) {
            Arrays.setAll(row, _ -> new LockFigures());
        }
        Arrays.setAll(breaking, _ -> new LockFigures());
    }

    /** One lock; its counters are those of the CPU that holds it, as they were at the acquisition. */
    private static final class Lock {
        final LockClass lockClass;
        int holder = -1;
        long acquisitions;
        long busySteps;
        long stepsBefore;
        long flushesBefore;
        long ipisBefore;
        long breaksBefore;

        Lock(LockClass lockClass) {
            this.lockClass = lockClass;
        }
    }

    /** From now on the locks that a CPU takes are counted under {@code cause}, 0 or more. */
    public void setCause(Cpu cpu, int cause) {
        causeOf[cpu.id()] = cause;
    }

    // ---------------------------------------------------------------- what the locks tell

    @Override
    public void contended(Cpu cpu, LockClass lockClass, long identity) {
        Lock lock = lock(lockClass, identity);
        long current = lock.holder < 0 ? 0 : stepsOf.applyAsLong(lock.holder) - lock.stepsBefore;
        busyAtWait[cpu.id()] = lock.busySteps + current;
    }

    @Override
    public void acquired(Cpu cpu, LockClass lockClass, long identity) {
        int id = cpu.id();
        Lock lock = lock(lockClass, identity);
        if (busyAtWait[id] >= 0) {
            figures[causeOf[id]][lockClass.ordinal()].addWait(lock.busySteps - busyAtWait[id]);
            busyAtWait[id] = -1;
        }
        lock.holder = id;
        lock.acquisitions++;
        lock.stepsBefore = stepsOf.applyAsLong(id);
        lock.flushesBefore = counters.of(id, Counter.TLB_FLUSH);
        lock.ipisBefore = counters.of(id, Counter.IPI);
        lock.breaksBefore = counters.of(id, Counter.TABLE_BROKEN);
    }

    @Override
    public void released(Cpu cpu, LockClass lockClass, long identity) {
        int id = cpu.id();
        Lock lock = lock(lockClass, identity);
        if (lock.holder != id) {
            return;
        }
        long steps = stepsOf.applyAsLong(id) - lock.stepsBefore;
        long flushes = counters.of(id, Counter.TLB_FLUSH) - lock.flushesBefore;
        long ipis = counters.of(id, Counter.IPI) - lock.ipisBefore;
        lock.busySteps += steps;
        lock.holder = -1;
        figures[causeOf[id]][lockClass.ordinal()].addHold(steps, flushes, ipis);
        if (counters.of(id, Counter.TABLE_BROKEN) != lock.breaksBefore) {
            breaking[lockClass.ordinal()].addHold(steps, flushes, ipis);
        }
    }

    private Lock lock(LockClass lockClass, long identity) {
        int index = (int) -identity;
        if (index >= locks.length) {
            locks = Arrays.copyOf(locks, Math.max(index + 1, locks.length * 2));
        }
        Lock lock = locks[index];
        if (lock == null) {
            lock = new Lock(lockClass);
            locks[index] = lock;
        }
        return lock;
    }

    // ---------------------------------------------------------------- figures

    /** All locks of a class. */
    public LockFigures of(LockClass lockClass) {
        LockFigures sum = new LockFigures();
        for (int cause = 0; cause < figures.length; cause++) {
            sum.add(of(lockClass, cause));
        }
        return sum;
    }

    /** Those that were taken for one cause. */
    public LockFigures of(LockClass lockClass, int cause) {
        return figures[cause][lockClass.ordinal()];
    }

    /** The holds during which a shared table was broken. */
    public LockFigures breaking(LockClass lockClass) {
        return breaking[lockClass.ordinal()];
    }

    /** Number of locks of a class that were taken. */
    public long locksTaken(LockClass lockClass) {
        long count = 0;
        for (Lock lock : locks) {
            count += lock != null && lock.lockClass == lockClass && lock.acquisitions > 0 ? 1 : 0;
        }
        return count;
    }

    /** How many times the lock of a class was taken that was taken most often. */
    public long mostAcquisitions(LockClass lockClass) {
        long most = 0;
        for (Lock lock : locks) {
            most = lock != null && lock.lockClass == lockClass ? Math.max(most, lock.acquisitions) : most;
        }
        return most;
    }
}
