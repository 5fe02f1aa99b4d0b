package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.mem.PhysicalMemory;

/** One CPU's view of memory: every operation is a step of the CPU, then the operation. */
public final class MemoryPort implements MemoryAccess {
    private final Cpu cpu;
    private final PhysicalMemory physical;

    MemoryPort(Cpu cpu, PhysicalMemory physical) {
        this.cpu = cpu;
        this.physical = physical;
    }

    /** The memory behind the port: no steps. */
    public PhysicalMemory physical() {
        return physical;
    }

    /** The words of one frame by index, for a walk over many of them. */
    public FramePort frame(long pfn) {
        return new FramePort(cpu, physical.view(pfn));
    }

    @Override
    public long read(long paddr) {
        cpu.step(Step.READ, paddr);
        return physical.read(paddr);
    }

    @Override
    public void write(long paddr, long value) {
        cpu.step(Step.WRITE, paddr);
        physical.write(paddr, value);
    }

    @Override
    public long compareAndExchange(long paddr, long expected, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        return physical.compareAndExchange(paddr, expected, value);
    }

    @Override
    public long fetchAndOr(long paddr, long bits) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        return physical.fetchAndOr(paddr, bits);
    }

    @Override
    public long fetchAndAnd(long paddr, long bits) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        return physical.fetchAndAnd(paddr, bits);
    }

    @Override
    public long exchange(long paddr, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        return physical.exchange(paddr, value);
    }

    @Override
    public void fence() {
        cpu.step(Step.FENCE, 0);
        physical.fence();
    }

    public byte readByte(long paddr) {
        cpu.step(Step.READ, paddr);
        return physical.readByte(paddr);
    }

    public void writeByte(long paddr, byte value) {
        cpu.step(Step.WRITE, paddr);
        physical.writeByte(paddr, value);
    }

    /** One step of kind OTHER at the frame's first byte: it touches every word of the frame. */
    public void fillFrame(long pfn, long word) {
        cpu.step(Step.OTHER, Paging.paddr(pfn));
        physical.fillFrame(pfn, word);
    }

    /** One step of kind OTHER at the source's first byte: others may store to the source, never to the target. */
    public void copyFrame(long fromPfn, long toPfn) {
        cpu.step(Step.OTHER, Paging.paddr(fromPfn));
        physical.copyFrame(fromPfn, toPfn);
    }
}
