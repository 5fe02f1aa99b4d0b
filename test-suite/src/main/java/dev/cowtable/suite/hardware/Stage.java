package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.suite.explore.Body;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One run of a test: a machine, its page tables, what the CPUs do, and what they observe. */
public final class Stage {
    /** Flags of a user page that can be written and has been. */
    public static final long DATA = Entry.P | Entry.RW | Entry.US | Entry.A | Entry.D;
    private static final long FIRST_LARGE_FRAME = 2L << 20;

    private final Machine machine;
    private final Words words;
    private final List<CpuState> states = new ArrayList<>();
    private final Body[] bodies;
    private final List<Interleavings.Speculation> speculations = new ArrayList<>();
    private final List<String> registers = new ArrayList<>();
    private final List<Supplier<String>> endings = new ArrayList<>();
    private final Space space;
    private long nextFrame = Paging.PAGE_BYTES;
    private long nextLargeFrame = FIRST_LARGE_FRAME;

    Stage(Machine machine, Words words, int storeBuffer) {
        this.machine = machine;
        this.words = words;
        this.bodies = new Body[machine.cpuCount()];
        Arrays.fill(bodies, Body.IDLE);
        for (int id = 0; id < machine.cpuCount(); id++) {
            states.add(new CpuState(machine.cpu(id), words, storeBuffer));
        }
        this.space = newSpace();
        for (int id = 0; id < machine.cpuCount(); id++) {
            machine.cpu(id).movToCr3(space.root());
        }
    }

    // ---- memory

    /** The address space that every CPU begins in. */
    public Space space() {
        return space;
    }

    public Space newSpace() {
        return new Space(this, machine.memory());
    }

    long newFrame() {
        long paddr = nextFrame;
        nextFrame += Paging.PAGE_BYTES;
        return paddr;
    }

    /** A frame of data, its first word set. */
    public long frame(long value) {
        return withData(newFrame(), value);
    }

    /** A 2 MiB frame of data, its first word set. */
    public long largeFrame(long value) {
        long paddr = nextLargeFrame;
        nextLargeFrame += Paging.sizeBytes(2);
        return withData(paddr, value);
    }

    private long withData(long paddr, long value) {
        words.declareData(paddr);
        machine.memory().write(paddr, value);
        return paddr;
    }

    /** A fixed page with a frame of its own. */
    public Page variable(int i) {
        return space.fixed(i, frame(0));
    }

    /** A table that nothing points to yet. */
    public long table() {
        return newFrame();
    }

    /** A word of memory that instructions change. */
    public void declare(long paddr) {
        words.declare(paddr);
    }

    /** Sets memory before the test begins, or looks at it after its end. */
    public void poke(long paddr, long value) {
        machine.memory().write(paddr, value);
    }

    public long peek(long paddr) {
        return machine.memory().read(paddr);
    }

    // ---- CPUs

    /** The CPU itself: for what it does before the test begins. */
    public Cpu cpu(int id) {
        return machine.cpu(id);
    }

    /** Lets a CPU cache the translation of an address by a load, before the test begins. */
    public void warm(int cpu, long vaddr) {
        long result = machine.cpu(cpu).readByte(vaddr, Access.USER);
        if (Fault.isFault(result)) {
            throw new IllegalStateException("warming meets " + Fault.describe(result));
        }
    }

    public void warm(int cpu, Page page) {
        warm(cpu, page.vaddr());
    }

    /** What a CPU does in the test. */
    public void actor(int cpu, Consumer<Core> body) {
        Core core = new Core(this, states.get(cpu));
        bodies[cpu] = who -> core.run(body);
    }

    /** The CPU may make one walk to the address between any two of its instructions. */
    public void speculation(int cpu, Page page) {
        speculations.add(new Interleavings.Speculation(cpu, page.vaddr()));
    }

    CpuState state(int cpu) {
        return states.get(cpu);
    }

    List<CpuState> states() {
        return states;
    }

    List<Body> bodies() {
        return List.of(bodies);
    }

    List<Interleavings.Speculation> speculations() {
        return speculations;
    }

    // ---- outcome

    void observe(int register, String value) {
        int missing = register + 1 - registers.size();
        registers.addAll(Collections.nCopies(Math.max(0, missing), "-"));
        registers.set(register, value);
    }

    /** Something to look up when all CPUs are done and all stores are in memory. */
    public void atEnd(Supplier<String> what) {
        endings.add(what);
    }

    /** {@code D=0} or {@code D=1}, such as of an entry at the end. */
    public void flagAtEnd(String name, long paddr, long flag) {
        atEnd(() -> name + "=" + ((peek(paddr) & flag) == 0 ? 0 : 1));
    }

    String outcome() {
        for (CpuState state : states) {
            boolean more = true;
            while (more) {
                more = state.cpu().drainOneStore();
            }
        }
        List<String> texts = new ArrayList<>(registers);
        for (Supplier<String> ending : endings) {
            texts.add(ending.get());
        }
        return String.join(", ", texts);
    }
}
