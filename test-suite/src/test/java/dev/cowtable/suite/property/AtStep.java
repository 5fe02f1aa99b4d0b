package dev.cowtable.suite.property;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import org.jspecify.annotations.Nullable;

/** Lets a test act once when a CPU is about to do something; one thread drives all CPUs. */
final class AtStep implements Executor {
    /** What a CPU is about to do: the kind of step and its place. */
    @FunctionalInterface
    interface Moment {
        boolean is(Cpu cpu, Step kind, long where);
    }

    private final SingleThreadExecutor rest = new SingleThreadExecutor();
    private Moment moment = (cpu, kind, where) -> false;
    private @Nullable Runnable action;

    void once(Moment when, Runnable what) {
        moment = when;
        action = what;
    }

    boolean hasActed() {
        return action == null;
    }

    @Override
    public boolean observesSteps() {
        return true;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
        Runnable now = action;
        if (now != null && moment.is(cpu, kind, where)) {
            action = null;
            now.run();
        }
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        rest.blockedOn(cpu, what);
    }
}
