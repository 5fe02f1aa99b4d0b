package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;

/** A living process of a scenario. */
final class LitmusProcess {
    private final int number;
    private final MmStruct mm;
    private final FixedBuffers buffers = new FixedBuffers();
    private Cpu cpu;

    LitmusProcess(int number, MmStruct mm, Cpu cpu) {
        this.number = number;
        this.mm = mm;
        this.cpu = cpu;
    }

    int number() {
        return number;
    }

    MmStruct mm() {
        return mm;
    }

    /** The CPU that it runs on. */
    Cpu cpu() {
        return cpu;
    }

    void runOn(Cpu where) {
        cpu = where;
    }

    /** Its registered io_uring buffers; a child inherits none of them. */
    FixedBuffers buffers() {
        return buffers;
    }
}
