package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.FrameView;

/** One CPU's view of one frame, such as a page table: the operations of {@link MemoryPort}, by index. */
public final class FramePort {
    private final Cpu cpu;
    private final MemoryPort port;
    private final FrameView frame;
    private final boolean buffered;

    FramePort(Cpu cpu, MemoryPort port, FrameView frame, boolean buffered) {
        this.cpu = cpu;
        this.port = port;
        this.frame = frame;
        this.buffered = buffered;
    }

    public long read(int index) {
        cpu.step(Step.READ, frame.wordPaddr(index));
        return buffered ? port.load(frame.wordPaddr(index)) : frame.read(index);
    }

    public void write(int index, long value) {
        cpu.step(Step.WRITE, frame.wordPaddr(index));
        if (buffered) {
            port.store(frame.wordPaddr(index), -1, value);
        } else {
            frame.write(index, value);
        }
    }

    public long fetchAndAnd(int index, long bits) {
        cpu.step(Step.READ_MODIFY_WRITE, frame.wordPaddr(index));
        port.drain();
        return frame.fetchAndAnd(index, bits);
    }

    public long exchange(int index, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, frame.wordPaddr(index));
        port.drain();
        return frame.exchange(index, value);
    }
}
