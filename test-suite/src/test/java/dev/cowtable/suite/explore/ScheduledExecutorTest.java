package dev.cowtable.suite.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ScheduledExecutorTest {
    private static final long STEP_LIMIT = 1000;

    private static ScheduledExecutor replaying(String schedule) {
        return new ScheduledExecutor(new ReplayScheduler(Schedule.parse(schedule)), STEP_LIMIT);
    }

    private static Machine machine(ScheduledExecutor executor) {
        return Machine.builder().cpus(2).executor(executor).build();
    }

    private static ScheduledExecutor.Outcome run(String schedule, Body... bodies) {
        ScheduledExecutor executor = replaying(schedule);
        return executor.run(machine(executor), List.of(bodies));
    }

    private static Body thrice(List<Integer> order) {
        return cpu -> {
            for (int i = 0; i < 3; i++) {
                cpu.step(Step.OTHER, i);
                order.add(cpu.id());
            }
        };
    }

    @Test
    void bodiesTakeTheirStepsInTheOrderOfTheSchedule() {
        List<Integer> order = new ArrayList<>();
        // The first choice of a CPU takes it to its first step, not over it; the last one to its end.
        ScheduledExecutor.Outcome outcome = run("0*2 1*3 0*2 1*2", thrice(order), thrice(order));
        assertThat(order).containsExactly(0, 1, 1, 0, 0, 1);
        assertThat(outcome).isEqualTo(new ScheduledExecutor.Outcome(List.of(), Schedule.parse("0*2 1*3 0*2 1"), 6));
    }

    @Test
    void lastWordIsTheRecordNotTheScheduleThatWasAskedFor() {
        List<Integer> order = new ArrayList<>();
        ScheduledExecutor.Outcome asked = run("5*7 1*2", thrice(order), thrice(order));
        assertThat(asked.schedule()).hasToString("1*4 0*4");
        assertThat(run(asked.schedule().toString(), thrice(order), thrice(order))).isEqualTo(asked);
    }

    @Test
    void locksTakenInOppositeOrderAreReportedAsADeadlock() {
        Lockdep lockdep = new Lockdep(2);
        SpinLock a = new SpinLock(lockdep, LockClass.PTL);
        SpinLock b = new SpinLock(lockdep, LockClass.PTL);
        ScheduledExecutor.Outcome outcome = run("0*2 1*2", cpu -> takeBoth(cpu, a, b), cpu -> takeBoth(cpu, b, a));
        assertThat(outcome.failures())
                .containsExactly("deadlock: CPU 0 is blocked on " + b.describe() + "; CPU 1 is blocked on "
                        + a.describe());
    }

    @Test
    void sameLocksOneAfterTheOtherAreNoDeadlock() {
        Lockdep lockdep = new Lockdep(2);
        SpinLock a = new SpinLock(lockdep, LockClass.PTL);
        SpinLock b = new SpinLock(lockdep, LockClass.PTL);
        assertThat(run("0*9", cpu -> takeBoth(cpu, a, b), cpu -> takeBoth(cpu, b, a)).failures()).isEmpty();
    }

    private static void takeBoth(Cpu cpu, SpinLock outer, SpinLock inner) {
        outer.lock(cpu);
        inner.lockNested(cpu);
        inner.unlock(cpu);
        outer.unlock(cpu);
    }

    @Test
    void cpuThatWaitsForALockTakesTheInterruptOfItsHolder() {
        SpinLock lock = new SpinLock(new Lockdep(2), LockClass.PTL);
        List<String> order = new ArrayList<>();
        ScheduledExecutor.Outcome outcome = run("0*2 1*2 0*9", cpu -> {
            lock.lock(cpu);
            cpu.machine().awaitIpi(cpu, cpu.machine().sendIpi(cpu, 2, target -> order.add("handled by " + target)));
            order.add("acknowledged");
            lock.unlock(cpu);
        }, cpu -> {
            lock.lock(cpu);
            order.add("locked");
            lock.unlock(cpu);
        });
        assertThat(outcome.failures()).isEmpty();
        assertThat(order).containsExactly("handled by CPU 1", "acknowledged", "locked");
    }

    @Test
    void interruptIsNotTakenWhereInterruptsAreOff() {
        List<String> order = new ArrayList<>();
        ScheduledExecutor.Outcome outcome = run("1*2 0*9", cpu -> {
            cpu.machine().awaitIpi(cpu, cpu.machine().sendIpi(cpu, 2, target -> order.add("handled")));
            order.add("acknowledged");
        }, cpu -> {
            cpu.disableInterrupts();
            cpu.step(Step.OTHER, 0);
            cpu.step(Step.OTHER, 0);
            order.add("walked");
            cpu.enableInterrupts();
        });
        assertThat(outcome.failures()).isEmpty();
        assertThat(order).containsExactly("walked", "handled", "acknowledged");
    }

    @Test
    void exceptionOfABodyIsAFailureAndEndsTheOthers() {
        List<Integer> order = new ArrayList<>();
        ScheduledExecutor.Outcome outcome = run("1*2 0", cpu -> {
            throw new IllegalStateException("a debt is owed");
        }, thrice(order));
        assertThat(outcome.failures())
                .containsExactly("CPU 0 ends with java.lang.IllegalStateException: a debt is owed");
        assertThat(order).containsExactly(1);
    }

    @Test
    void bodyWithoutEndIsStoppedAtTheLimit() {
        ScheduledExecutor.Outcome outcome = run("", cpu -> {
            while (true) {
                cpu.step(Step.READ, 0);
            }
        }, Body.IDLE);
        assertThat(outcome.failures()).containsExactly("no end after " + STEP_LIMIT + " steps");
    }

    @Test
    void blockingOutsideARunIsRefused() {
        ScheduledExecutor executor = replaying("");
        Cpu cpu = machine(executor).cpu(0);
        SpinLock lock = new SpinLock(new Lockdep(2), LockClass.PTL);
        lock.lock(cpu);
        assertThatThrownBy(() -> cpu.await(lock)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("nobody else runs");
    }
}
