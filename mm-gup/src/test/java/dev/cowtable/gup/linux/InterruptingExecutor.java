package dev.cowtable.gup.linux;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;

/** Lets another CPU act once, at the moment when the lockless walk on CPU 0 is about to take its first reference. */
final class InterruptingExecutor implements Executor {
    private Runnable act = () -> {
    };
    private boolean armed;

    void beforeTheReferenceIsTaken(Runnable what) {
        act = what;
        armed = true;
    }

    boolean hasActed() {
        return !armed;
    }

    @Override
    public boolean observesSteps() {
        return true;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
        if (armed && cpu.id() == 0 && kind == Step.COUNT && !cpu.interruptsEnabled()) {
            armed = false;
            act.run();
        }
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        throw new IllegalStateException("CPU " + cpu.id() + " is blocked on " + what.describe());
    }
}
