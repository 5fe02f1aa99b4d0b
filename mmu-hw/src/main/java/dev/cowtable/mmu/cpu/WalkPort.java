package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.WalkMemory;
import dev.cowtable.mmu.mem.PhysicalMemory;

/**
 * What the page walker of a CPU sees: memory itself, past the store buffer, with a step before every access.
 *
 * <p>Used only where an executor observes steps; elsewhere the walker has {@link PhysicalMemory} itself.
 */
final class WalkPort implements WalkMemory {
    private final Cpu cpu;
    private final PhysicalMemory physical;

    WalkPort(Cpu cpu, PhysicalMemory physical) {
        this.cpu = cpu;
        this.physical = physical;
    }

    @Override
    public long read(long paddr) {
        cpu.step(Step.READ, paddr);
        return physical.read(paddr);
    }

    @Override
    public long readSameLine(long paddr) {
        return physical.read(paddr);
    }

    @Override
    public long compareAndExchange(long paddr, long expected, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        return physical.compareAndExchange(paddr, expected, value);
    }
}
