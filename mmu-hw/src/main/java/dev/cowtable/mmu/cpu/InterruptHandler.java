package dev.cowtable.mmu.cpu;

/** What an IPI does on its target; it must not block, and runs with the target's interrupts disabled. */
@FunctionalInterface
public interface InterruptHandler {
    void handle(Cpu target);
}
