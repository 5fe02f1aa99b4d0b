package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.InterruptHandler;
import dev.cowtable.mmu.cpu.IpiRequest;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.walk.Invlpgb;
import java.util.function.Consumer;

/** The instructions of one CPU in a test; before each one others may go on. */
public final class Core {
    private final Stage stage;
    private final CpuState state;
    private final Cpu cpu;
    private final long[] out1 = new long[1];

    Core(Stage stage, CpuState state) {
        this.stage = stage;
        this.state = state;
        this.cpu = state.cpu();
    }

    /** What is under way when the instructions are over has a step of its own to arrive at. */
    void run(Consumer<Core> body) {
        cpu.disableInterrupts();
        body.accept(this);
        if (state.isInterruptUnderWay()) {
            cpu.step(Step.FLUSH, 0);
        }
        cpu.enableInterrupts();
    }

    /** Takes down a register of the outcome. */
    public void observe(int register, String value) {
        stage.observe(register, value);
    }

    public void observe(int register, long value) {
        observe(register, Long.toString(value));
    }

    // ---- accesses of user code: the value, or the fault

    public String load(Page page) {
        return load(page.vaddr());
    }

    public String load(long vaddr) {
        state.beginInstruction(Operand.LOADED);
        long result = cpu.readWord(vaddr, Access.USER, out1);
        state.endInstruction();
        return Fault.isFault(result) ? "#PF" : Long.toString(out1[0]);
    }

    /** {@code ok} or {@code #PF}. */
    public String store(Page page, long value) {
        state.beginInstruction(Operand.STORED);
        long result = cpu.writeWord(page.vaddr(), Access.USER, value);
        state.endInstruction();
        return Fault.isFault(result) ? "#PF" : "ok";
    }

    /** XCHG, a locked instruction. */
    public String exchange(Page page, long value) {
        state.beginInstruction(Operand.EXCHANGED);
        long result = cpu.exchange(page.vaddr(), Access.USER, value, out1);
        state.endInstruction();
        return Fault.isFault(result) ? "#PF" : Long.toString(out1[0]);
    }

    // ---- accesses of the kernel to entries and frames, by physical address

    public long read(long paddr) {
        return cpu.memory().read(paddr);
    }

    public void write(long paddr, long value) {
        cpu.memory().write(paddr, value);
    }

    public long exchange(long paddr, long value) {
        return cpu.memory().exchange(paddr, value);
    }

    public long compareAndExchange(long paddr, long expected, long value) {
        return cpu.memory().compareAndExchange(paddr, expected, value);
    }

    public long lockedAnd(long paddr, long bits) {
        return cpu.memory().fetchAndAnd(paddr, bits);
    }

    public long lockedOr(long paddr, long bits) {
        return cpu.memory().fetchAndOr(paddr, bits);
    }

    public void mfence() {
        cpu.mfence();
    }

    // ---- invalidation

    public void invlpg(Page page) {
        invlpg(page.vaddr());
    }

    public void invlpg(long vaddr) {
        cpu.step(Step.FLUSH, vaddr);
        cpu.invlpg(vaddr);
    }

    public void invpcid(int type, long pcid, long vaddr) {
        cpu.step(Step.FLUSH, vaddr);
        accepted(cpu.invpcid(type, pcid, vaddr));
    }

    public void movToCr3(long value) {
        cpu.step(Step.FLUSH, value);
        accepted(cpu.movToCr3(value));
    }

    public void movToCr4(long value) {
        cpu.step(Step.FLUSH, value);
        accepted(cpu.movToCr4(value));
    }

    public void invlpgb(Invlpgb registers) {
        state.beginInstruction(Operand.BROADCAST);
        accepted(cpu.invlpgb(registers));
        state.endInstruction();
    }

    public void tlbsync() {
        cpu.step(Step.OTHER, 0);
        cpu.tlbsync();
    }

    private static void accepted(long result) {
        if (result != 0) {
            throw new IllegalStateException("the test's instruction meets " + Fault.describe(result));
        }
    }

    // ---- interrupts

    /** The handler may touch its CPU's caches, no memory: it takes no steps. */
    public IpiRequest sendIpi(int target, InterruptHandler handler) {
        return sent(cpu.machine().sendIpi(cpu, 1L << target, counted(handler)), target);
    }

    /** As {@link #sendIpi}, but passes a CPU in lazy-TLB mode by. */
    public IpiRequest shootdown(int target, InterruptHandler handler) {
        return sent(cpu.machine().shootdown(cpu, 1L << target, counted(handler)), target);
    }

    private InterruptHandler counted(InterruptHandler handler) {
        return who -> {
            handler.handle(who);
            stage.state(who.id()).interruptDone();
        };
    }

    private IpiRequest sent(IpiRequest request, int target) {
        if (request.sentMask() != 0) {
            stage.state(target).interruptSent();
        }
        return request;
    }

    public void await(IpiRequest request) {
        cpu.enableInterrupts();
        cpu.machine().awaitIpi(cpu, request);
        cpu.disableInterrupts();
    }

    /** Lets another CPU do an INVLPG and waits until it has. */
    public void invlpgAt(int target, Page page) {
        await(sendIpi(target, who -> who.invlpg(page.vaddr())));
    }

    public void cli() {
        state.setInterruptsOff(true);
    }

    public void sti() {
        cpu.step(Step.OTHER, 0);
        state.setInterruptsOff(false);
    }

    public void enterLazyTlb() {
        cpu.step(Step.OTHER, 0);
        cpu.enterLazyTlb();
    }

    public void leaveLazyTlb() {
        cpu.leaveLazyTlb();
    }
}
