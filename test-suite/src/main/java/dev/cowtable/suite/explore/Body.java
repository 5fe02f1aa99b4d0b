package dev.cowtable.suite.explore;

import dev.cowtable.mmu.cpu.Cpu;

/** What one CPU does in a race; deterministic but for what the others do meanwhile. */
@FunctionalInterface
public interface Body {
    /** Does nothing: a CPU that is idle. */
    Body IDLE = cpu -> {};

    void run(Cpu cpu);

    /** Runs the body as a CPU that takes its own interrupts. */
    default void runEntered(Cpu cpu) {
        cpu.enter();
        run(cpu);
        cpu.leave();
    }
}
