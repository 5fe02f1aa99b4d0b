package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.suite.explore.Body;
import dev.cowtable.suite.explore.ScheduledExecutor;
import dev.cowtable.suite.hardware.Interleavings.Speculation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Between the machine and the scheduled executor: leaves out the steps that nobody can tell apart, announces the
 * others, and makes the speculative walks that were chosen.
 *
 * <p>CPUs have interrupts off but where the scheduler lets one in: an interrupt may take any time to arrive.
 */
final class SteppedExecutor implements Executor {
    private static final long STEP_LIMIT = 10_000;
    private static final long FIRST_PAGE_BYTES = 4096;

    private final ScheduledExecutor inner;
    private final Interleavings interleavings;
    private final Words words;
    private boolean active;

    SteppedExecutor(Interleavings interleavings, Words words) {
        this.inner = new ScheduledExecutor(interleavings, STEP_LIMIT);
        this.interleavings = interleavings;
        this.words = words;
    }

    List<String> run(Machine machine, List<? extends Body> bodies) {
        active = true;
        try {
            return inner.run(machine, bodies).failures();
        } finally {
            active = false;
        }
    }

    @Override
    public boolean observesSteps() {
        return true;
    }

    @Override
    public void step(Cpu cpu, Step kind, long where) {
        if (!active || (kind == Step.READ && words.mask(where) == 0)) {
            return;
        }
        checkDeclared(kind, where);
        CpuState state = interleavings.state(cpu.id());
        state.announce(kind, where);
        inner.step(cpu, kind, where);
        while (interleavings.isOrdered()) {
            obey(cpu, state, interleavings.takeOrder());
            state.announce(kind, where);
            inner.step(cpu, kind, where);
        }
        state.taken();
    }

    private static void obey(Cpu cpu, CpuState state, @Nullable Speculation speculation) {
        if (speculation != null) {
            state.beginSpeculation();
            cpu.prefetch(speculation.vaddr());
            state.endSpeculation();
        } else if (state.canTakeInterrupts()) {
            cpu.enableInterrupts();
            cpu.disableInterrupts();
        } else {
            cpu.await(new NothingPending(cpu));
        }
    }

    /** Awaiting this takes the broadcast invalidations of a CPU, whose interrupts are off. */
    private record NothingPending(Cpu cpu) implements Waitable {
        @Override
        public boolean isReady() {
            return !cpu.canDeliver();
        }

        @Override
        public String describe() {
            return "a broadcast invalidation";
        }
    }

    /** Why: a word that changes undeclared would be read without a scheduling point. */
    private void checkDeclared(Step kind, long where) {
        boolean changes = kind == Step.WRITE || kind == Step.READ_MODIFY_WRITE;
        if (changes && where >= FIRST_PAGE_BYTES && words.mask(where) == 0) {
            throw new IllegalStateException("the word at 0x" + Long.toHexString(where) + " changes undeclared");
        }
    }

    @Override
    public void blockedOn(Cpu cpu, Waitable what) {
        inner.blockedOn(cpu, what);
    }
}
