package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import org.jspecify.annotations.Nullable;

/** Where one CPU of a run stands: the step it is about to take, and what that step may touch. */
final class CpuState {
    private final Cpu cpu;
    private final Words words;
    private final int storeBuffer;
    private @Nullable Step announced;
    private long where;
    private Operand operand = Operand.NONE;
    private boolean inAccess;
    private boolean interruptsOff;
    private int interruptsUnderWay;
    private long buffered;

    CpuState(Cpu cpu, Words words, int storeBuffer) {
        this.cpu = cpu;
        this.words = words;
        this.storeBuffer = storeBuffer;
    }

    Cpu cpu() {
        return cpu;
    }

    // ---- told by the instructions and the executor

    void beginInstruction(Operand what) {
        operand = what;
        inAccess = false;
    }

    void endInstruction() {
        beginInstruction(Operand.NONE);
    }

    void setInterruptsOff(boolean off) {
        interruptsOff = off;
    }

    /** An interrupt was sent to this CPU; it arrives when the scheduler chooses so. */
    void interruptSent() {
        interruptsUnderWay++;
    }

    void interruptDone() {
        interruptsUnderWay--;
    }

    /** A walk that no instruction waits for. */
    void beginSpeculation() {
        inAccess = true;
    }

    void endSpeculation() {
        inAccess = false;
    }

    void announce(Step kind, long at) {
        announced = kind;
        where = at;
    }

    void taken() {
        if (announced == Step.USER_ACCESS) {
            inAccess = true;
        }
        if (storeBuffer != 0) {
            buffered = (cpu.bufferedStores() == 0 ? 0 : buffered) | enteringBuffer();
        }
        announced = null;
    }

    private long enteringBuffer() {
        return operand == Operand.STORED ? words.data() : announced == Step.WRITE ? words.mask(where) : 0;
    }

    // ---- asked by the scheduler

    /** Nothing shared is touched before the CPU's next step: its start, or the end of a wait. */
    boolean isBetweenSteps() {
        return announced == null && !cpu.canDeliver();
    }

    /** Between two instructions, where a speculative walk does not meet another walk of this CPU. */
    boolean canSpeculate() {
        return announced != null && !inAccess;
    }

    boolean isInterruptUnderWay() {
        return interruptsUnderWay > 0;
    }

    boolean canTakeInterrupts() {
        return isInterruptUnderWay() && !interruptsOff;
    }

    /** There is an interrupt, or a broadcast invalidation, to be taken before the announced step. */
    boolean canInterrupt() {
        return canSpeculate() && (canTakeInterrupts() || cpu.canDeliver());
    }

    /** A handler invalidates, which waits for the buffered stores. */
    Effect interrupting() {
        return draining();
    }

    boolean canDrain() {
        return storeBuffer != 0 && cpu.bufferedStores() != 0;
    }

    Effect draining() {
        return new Effect(cpu.id(), 0, buffered, 0);
    }

    /** Of the announced step and all that the CPU does before its next one. */
    Effect effect() {
        Effect effect = announced == null || operand == Operand.BROADCAST ? Effect.everything(cpu.id())
                : effectOf(announced);
        return cpu.canDeliver() ? effect.with(0, buffered) : effect;
    }

    private Effect effectOf(Step kind) {
        int id = cpu.id();
        return switch (kind) {
            case USER_ACCESS -> withOperand(Effect.local(id));
            case READ -> inAccess ? withOperand(new Effect(id, words.line(where), 0, 0))
                    : new Effect(id, words.mask(where), 0, 0);
            case READ_MODIFY_WRITE -> modifying();
            case WRITE -> new Effect(id, 0, storeBuffer == 0 ? words.mask(where) : overflow(), 0);
            case FENCE, FLUSH -> new Effect(id, 0, buffered, 0);
            case IPI -> new Effect(id, 0, buffered, 1L << where);
            default -> Effect.everything(id);
        };
    }

    private Effect modifying() {
        long word = words.mask(where);
        if (word == 0) {
            return Effect.everything(cpu.id());
        }
        Effect effect = new Effect(cpu.id(), words.line(where), word, 0);
        return inAccess ? withOperand(effect) : effect.with(0, buffered);
    }

    private Effect withOperand(Effect effect) {
        return switch (operand) {
            case NONE, BROADCAST -> effect;
            case LOADED -> effect.with(words.data(), 0);
            case STORED -> effect.with(0, storeBuffer == 0 ? words.data() : overflow());
            case EXCHANGED -> effect.with(words.data(), words.data() | buffered);
        };
    }

    /** What a store pushes out of a full buffer. */
    private long overflow() {
        return cpu.bufferedStores() == storeBuffer ? buffered : 0;
    }

    @Override
    public String toString() {
        return cpu.id() + ":" + (announced == null ? "go" : announced);
    }
}
