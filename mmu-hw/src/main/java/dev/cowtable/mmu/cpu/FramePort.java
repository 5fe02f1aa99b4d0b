package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.FrameView;

/** One CPU's view of one frame, such as a page table: every operation is a step of the CPU, then the operation on a word. */
public final class FramePort {
    private final Cpu cpu;
    private final FrameView frame;

    FramePort(Cpu cpu, FrameView frame) {
        this.cpu = cpu;
        this.frame = frame;
    }

    public long read(int index) {
        cpu.step(Step.READ, frame.wordPaddr(index));
        return frame.read(index);
    }

    public void write(int index, long value) {
        cpu.step(Step.WRITE, frame.wordPaddr(index));
        frame.write(index, value);
    }

    public long fetchAndAnd(int index, long bits) {
        cpu.step(Step.READ_MODIFY_WRITE, frame.wordPaddr(index));
        return frame.fetchAndAnd(index, bits);
    }

    public long exchange(int index, long value) {
        cpu.step(Step.READ_MODIFY_WRITE, frame.wordPaddr(index));
        return frame.exchange(index, value);
    }
}
