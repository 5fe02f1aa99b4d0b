package dev.cowtable.mmu.exec;

import dev.cowtable.mmu.cpu.Cpu;

/** One thread drives all CPUs in turn, so a CPU that blocks would block for ever: a broken body. */
public final class SingleThreadExecutor implements Executor {
    public SingleThreadExecutor() {
    }

    @Override
    public boolean observesSteps() {
        return false;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        throw new IllegalStateException(
                "CPU " + cpu.id() + " is blocked on " + what.describe() + " and nobody else runs");
    }
}
