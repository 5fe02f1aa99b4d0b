package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.mem.PhysicalMemory;
import org.jspecify.annotations.Nullable;

/**
 * One CPU's view of memory: every operation is a step of the CPU, then the operation.
 *
 * <p>Where the CPU has a store buffer, plain stores go into it, plain loads look there first, and everything else drains it.
 */
public final class MemoryPort implements MemoryAccess {
    private final Cpu cpu;
    private final PhysicalMemory physical;
    private final @Nullable StoreBuffer buffer;

    MemoryPort(Cpu cpu, PhysicalMemory physical, @Nullable StoreBuffer buffer) {
        this.cpu = cpu;
        this.physical = physical;
        this.buffer = buffer;
    }

    /** The memory behind the port: no steps, no store buffer. */
    public PhysicalMemory physical() {
        return physical;
    }

    /** The words of one frame by index, for a walk over many of them. */
    public FramePort frame(long pfn) {
        return new FramePort(cpu, this, physical.view(pfn), buffer != null);
    }

    @Override
    public long read(long paddr) {
        cpu.step(Step.READ, paddr);
        return load(paddr);
    }

    @Override
    public void write(long paddr, long value) {
        cpu.step(Step.WRITE, paddr);
        store(paddr, -1, value);
    }

    /** A load that takes no step: the data access of an instruction whose step was taken before it was translated. */
    long load(long paddr) {
        return buffer == null ? physical.read(paddr) : buffer.read(paddr);
    }

    /** A store of the mask's bits that takes no step. */
    void store(long paddr, long mask, long bits) {
        if (buffer != null) {
            buffer.write(paddr, mask, bits);
        } else if (mask == -1) {
            physical.write(paddr, bits);
        } else {
            physical.writeBits(paddr, mask, bits);
        }
    }

    /** An exchange that takes no step. */
    long exchangeNow(long paddr, long value) {
        drain();
        return physical.exchange(paddr, value);
    }

    /** The oldest buffered store reaches memory; false if there is none. */
    boolean drainOne() {
        return buffer != null && buffer.drainOne();
    }

    int bufferedStores() {
        return buffer == null ? 0 : buffer.size();
    }

    /** All buffered stores reach memory. */
    void drain() {
        if (buffer != null) {
            buffer.drain();
        }
    }

    @Override
    public long compareAndExchange(long paddr, long expected, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        drain();
        return physical.compareAndExchange(paddr, expected, value);
    }

    @Override
    public long fetchAndOr(long paddr, long bits) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        drain();
        return physical.fetchAndOr(paddr, bits);
    }

    @Override
    public long fetchAndAnd(long paddr, long bits) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        drain();
        return physical.fetchAndAnd(paddr, bits);
    }

    @Override
    public long exchange(long paddr, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, paddr);
        return exchangeNow(paddr, value);
    }

    @Override
    public void fence() {
        cpu.step(Step.FENCE, 0);
        drain();
        physical.fence();
    }

    public byte readByte(long paddr) {
        cpu.step(Step.READ, paddr);
        return (byte) (load(paddr & -Long.BYTES) >>> ((paddr & 7) << 3));
    }

    public void writeByte(long paddr, byte value) {
        cpu.step(Step.WRITE, paddr);
        int shift = (int) (paddr & 7) << 3;
        store(paddr & -Long.BYTES, 0xffL << shift, (value & 0xffL) << shift);
    }

    /** One step of kind OTHER at the frame's first byte: it touches every word of the frame. */
    public void fillFrame(long pfn, long word) {
        cpu.step(Step.OTHER, Paging.paddr(pfn));
        drain();
        physical.fillFrame(pfn, word);
    }

    /** One step of kind OTHER at the source's first byte: others may store to the source, never to the target. */
    public void copyFrame(long fromPfn, long toPfn) {
        cpu.step(Step.OTHER, Paging.paddr(fromPfn));
        drain();
        physical.copyFrame(fromPfn, toPfn);
    }
}
