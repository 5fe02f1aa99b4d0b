package dev.cowtable.mm.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import org.junit.jupiter.api.Test;

/** Two CPUs whose every step is known; a CPU that is blocked lets the test act for the other one. */
class LockStatisticsTest {
    private static final int FAULT = 0;
    private static final int FORK = 1;

    private final long[] steps = new long[2];
    private Runnable whileBlocked = () -> {};
    private final Machine machine = Machine.builder().cpus(2).executor(new HandMade()).build();
    private final Cpu cpu = machine.cpu(0);
    private final Cpu other = machine.cpu(1);
    private final Counters counters = new Counters(2);
    private final Lockdep lockdep = new Lockdep(2);
    private final SpinLock lock = new SpinLock(lockdep, LockClass.PTL);
    private final LockStatistics statistics = new LockStatistics(counters, id -> steps[id], 2, 2);

    LockStatisticsTest() {
        lockdep.observe(statistics);
    }

    private final class HandMade implements Executor {
        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu who, Step kind, long where) {
            steps[who.id()]++;
        }

        @Override
        public void blockedOn(Cpu who, Waitable what) {
            whileBlocked.run();
        }
    }

    private static void work(Cpu who, int nrSteps) {
        for (int i = 0; i < nrSteps; i++) {
            who.step(Step.READ, 0);
        }
    }

    private LockFigures ptl() {
        return statistics.of(LockClass.PTL);
    }

    @Test
    void holdLastsTheHoldersStepsAndTheStoreThatUnlocks() {
        lock.lock(cpu);
        work(cpu, 10);
        work(other, 500);
        lock.unlock(cpu);
        work(cpu, 100);
        lock.lock(other);
        lock.unlock(other);
        assertThat(ptl().acquisitions()).isEqualTo(2);
        assertThat(ptl().stepsHeld()).isEqualTo(11 + 1);
        assertThat(ptl().longestHoldSteps()).isEqualTo(11);
        assertThat(ptl().contended()).isZero();
        assertThat(ptl().stepsWaited()).isZero();
    }

    @Test
    void waitLastsTheStepsThatTheHolderMakesMeanwhile() {
        lock.lock(cpu);
        work(cpu, 5);
        whileBlocked = () -> {
            work(cpu, 7);
            lock.unlock(cpu);
            work(cpu, 1000);
        };
        lock.lock(other);
        work(other, 2);
        lock.unlock(other);
        assertThat(ptl().acquisitions()).isEqualTo(2);
        assertThat(ptl().contended()).isEqualTo(1);
        assertThat(ptl().stepsWaited()).isEqualTo(8);
        assertThat(ptl().longestWaitSteps()).isEqualTo(8);
        assertThat(ptl().stepsHeld()).isEqualTo(13 + 3);
    }

    @Test
    void whoHasWaitedOnceHasNotWaitedTheNextTime() {
        lock.lock(cpu);
        whileBlocked = () -> lock.unlock(cpu);
        lock.lock(other);
        lock.unlock(other);
        lock.lock(other);
        lock.unlock(other);
        assertThat(ptl().acquisitions()).isEqualTo(3);
        assertThat(ptl().contended()).isEqualTo(1);
        assertThat(ptl().stepsWaited()).isEqualTo(1);
    }

    /** The waiter is woken for nothing once, as by an interrupt, and then loses the lock to a second hold. */
    @Test
    void oneWaitMayOutlastSeveralHolds() {
        SpinLock outer = new SpinLock(lockdep, LockClass.PMD_LOCK);
        lock.lock(cpu);
        int[] calls = new int[1];
        whileBlocked = () -> {
            switch (calls[0]++) {
                case 0 -> work(cpu, 3);
                case 1 -> {
                    lock.unlock(cpu);
                    outer.lock(cpu);
                    lock.lock(cpu);
                }
                default -> {
                    work(cpu, 4);
                    lock.unlock(cpu);
                }
            }
        };
        lock.lock(other);
        assertThat(ptl().contended()).isEqualTo(1);
        assertThat(ptl().stepsWaited()).as("3 and an unlock, then 4 and an unlock").isEqualTo(9);
        assertThat(statistics.of(LockClass.PMD_LOCK).acquisitions()).as("a hold counts when it ends").isZero();
    }

    @Test
    void locksHeldTogetherAreEachHeldForAllOfTheirTime() {
        SpinLock inner = new SpinLock(lockdep, LockClass.PTL);
        lock.lock(cpu);
        inner.lockNested(cpu);
        work(cpu, 20);
        counters.add(0, Counter.IPI, 3);
        inner.unlock(cpu);
        lock.unlock(cpu);
        assertThat(ptl().acquisitions()).isEqualTo(2);
        assertThat(ptl().stepsHeld()).isEqualTo(21 + 23);
        assertThat(ptl().ipis()).isEqualTo(6);
    }

    @Test
    void onlyWhatTheHolderDoesMeanwhileCountsUnderTheLock() {
        counters.add(0, Counter.IPI, 100);
        lock.lock(cpu);
        counters.add(0, Counter.TLB_FLUSH, 1);
        counters.add(0, Counter.IPI, 4);
        counters.add(1, Counter.IPI, 50);
        lock.unlock(cpu);
        counters.add(0, Counter.TABLE_BROKEN, 1);
        lock.lock(cpu);
        counters.add(0, Counter.IPI, 1);
        lock.unlock(cpu);
        assertThat(ptl().flushes()).isEqualTo(1);
        assertThat(ptl().ipis()).isEqualTo(5);
        assertThat(ptl().mostIpis()).isEqualTo(4);
        assertThat(statistics.breaking(LockClass.PTL).acquisitions()).isZero();
    }

    @Test
    void holdThatBreaksATableIsToldApart() {
        lock.lock(cpu);
        work(cpu, 30);
        counters.add(0, Counter.TABLE_BROKEN, 1);
        lock.unlock(cpu);
        lock.lock(cpu);
        lock.unlock(cpu);
        assertThat(statistics.breaking(LockClass.PTL).acquisitions()).isEqualTo(1);
        assertThat(statistics.breaking(LockClass.PTL).longestHoldSteps()).isEqualTo(31);
    }

    @Test
    void eachCpuTakesItsLocksForItsOwnCause() {
        statistics.setCause(cpu, FORK);
        lock.lock(cpu);
        work(cpu, 9);
        lock.unlock(cpu);
        lock.lock(other);
        lock.unlock(other);
        assertThat(statistics.of(LockClass.PTL, FORK).longestHoldSteps()).isEqualTo(10);
        assertThat(statistics.of(LockClass.PTL, FAULT).longestHoldSteps()).isEqualTo(1);
    }

    @Test
    void theBusiestLockIsTheOneTakenMostOften() {
        SpinLock second = new SpinLock(lockdep, LockClass.PTL);
        for (int i = 0; i < 3; i++) {
            second.lock(cpu);
            second.unlock(cpu);
        }
        lock.lock(cpu);
        lock.unlock(cpu);
        new SpinLock(lockdep, LockClass.PMD_LOCK).lock(cpu);
        assertThat(statistics.locksTaken(LockClass.PTL)).isEqualTo(2);
        assertThat(statistics.mostAcquisitions(LockClass.PTL)).isEqualTo(3);
        assertThat(statistics.locksTaken(LockClass.PMD_LOCK)).isEqualTo(1);
        assertThat(statistics.locksTaken(LockClass.ZONE_LOCK)).isZero();
    }

    @Test
    void nothingIsToldOnceTheObserverIsGone() {
        lockdep.observe(null);
        lock.lock(cpu);
        lock.unlock(cpu);
        assertThat(ptl().acquisitions()).isZero();
    }

    @Test
    void figuresOfTwoRunsAddUpAndTheLongestStays() {
        LockFigures sum = new LockFigures();
        for (int length : new int[] {5, 3}) {
            LockFigures run = new LockFigures();
            run.addHold(length, 1, length);
            run.addWait(length);
            sum.add(run);
        }
        assertThat(sum.acquisitions()).isEqualTo(2);
        assertThat(sum.stepsHeld()).isEqualTo(8);
        assertThat(sum.longestHoldSteps()).isEqualTo(5);
        assertThat(sum.stepsWaited()).isEqualTo(8);
        assertThat(sum.longestWaitSteps()).isEqualTo(5);
        assertThat(sum.contended()).isEqualTo(2);
        assertThat(sum.flushes()).isEqualTo(2);
        assertThat(sum.ipis()).isEqualTo(8);
        assertThat(sum.mostIpis()).isEqualTo(5);
    }
}
