package dev.cowtable.suite.locks;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;

/** Counts the steps of each CPU and leaves all else to another executor. */
final class StepClock implements Executor {
    private final Executor executor;
    private final long[] steps = new long[Machine.MAX_CPUS];

    StepClock(Executor executor) {
        this.executor = executor;
    }

    long stepsOf(int cpu) {
        return steps[cpu];
    }

    @Override
    public boolean observesSteps() {
        return true;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
        steps[cpu.id()]++;
        executor.step(cpu, kind, where);
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        executor.blockedOn(cpu, what);
    }
}
