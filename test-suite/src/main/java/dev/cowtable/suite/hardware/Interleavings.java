package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.exec.Step;
import dev.cowtable.suite.explore.Scheduler;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The choices of one run after another: who takes the next step, whose oldest buffered store reaches memory, which CPU
 * takes its interrupts, or which speculative walk begins.
 *
 * <p>Which choice is made says {@link ChoiceTree}, or a random number. CPUs that touch nothing shared before their next
 * step go on first, as that changes nothing for the others.
 */
final class Interleavings implements Scheduler {
    private static final int DRAIN = 16;
    private static final int INTERRUPT = 32;
    private static final int SPECULATE = 48;

    private final ChoiceTree tree;
    private final @Nullable SplittableRandom random;
    private final StringBuilder trace = new StringBuilder();

    private List<CpuState> states = List.of();
    private List<Speculation> speculations = List.of();
    private long begun;
    private int ordered;

    private final int[] ids = new int[Long.SIZE];
    private final Effect[] effects = new Effect[Long.SIZE];
    private int choices;

    private Interleavings(ChoiceTree tree, @Nullable SplittableRandom random) {
        this.tree = tree;
        this.random = random;
    }

    /** One run of those that the tree stands for. */
    static Interleavings of(ChoiceTree tree) {
        return new Interleavings(tree, null);
    }

    static Interleavings random(SplittableRandom random) {
        return new Interleavings(new ChoiceTree(false), random);
    }

    /** A walk that a CPU may make once, at any time. */
    record Speculation(int cpu, long vaddr) {
    }

    void begin(List<CpuState> cpus, List<Speculation> walks) {
        states = cpus;
        speculations = walks;
    }

    CpuState state(int cpu) {
        return states.get(cpu);
    }

    /** The choices that were made, such as {@code 0:WRITE drain0 interrupt1 1:USER_ACCESS walk1}. */
    String trace() {
        return trace.toString();
    }

    /** The CPU was chosen to do something else than its announced step. */
    boolean isOrdered() {
        return ordered >= INTERRUPT;
    }

    /** What a CPU was chosen to do: a speculation, or, as none, to take its interrupts. */
    @Nullable
    Speculation takeOrder() {
        int order = ordered;
        ordered = 0;
        return order < SPECULATE ? null : speculations.get(order - SPECULATE);
    }

    @Override
    public int pick(int current, long runnableMask, Step next) {
        for (long rest = runnableMask; rest != 0; rest &= rest - 1) {
            int cpu = Long.numberOfTrailingZeros(rest);
            if (states.get(cpu).isBetweenSteps()) {
                return cpu;
            }
        }
        int id = choose(runnableMask);
        while (id >= DRAIN && id < INTERRUPT) {
            states.get(id - DRAIN).cpu().drainOneStore();
            id = choose(runnableMask);
        }
        ordered = id;
        if (id < SPECULATE) {
            return id % DRAIN;
        }
        begun |= 1L << (id - SPECULATE);
        return speculations.get(id - SPECULATE).cpu();
    }

    private int choose(long runnableMask) {
        collect(runnableMask);
        int index = random == null ? tree.choose(ids, effects, choices) : random.nextInt(choices);
        int id = ids[index];
        trace.append(trace.isEmpty() ? "" : " ").append(describe(id));
        return id;
    }

    private void collect(long runnableMask) {
        choices = 0;
        for (CpuState state : states) {
            int cpu = state.cpu().id();
            if ((runnableMask >>> cpu & 1) != 0) {
                add(cpu, state.effect());
            }
            if (state.canDrain()) {
                add(DRAIN + cpu, state.draining());
            }
            if (state.canInterrupt()) {
                add(INTERRUPT + cpu, state.interrupting());
            }
        }
        for (int i = 0; i < speculations.size(); i++) {
            int cpu = speculations.get(i).cpu();
            if ((begun >>> i & 1) == 0 && states.get(cpu).canSpeculate()) {
                add(SPECULATE + i, Effect.local(cpu));
            }
        }
    }

    private void add(int id, Effect effect) {
        ids[choices] = id;
        effects[choices++] = effect;
    }

    private String describe(int id) {
        if (id < DRAIN) {
            return states.get(id).toString();
        }
        return id < INTERRUPT ? "drain" + (id - DRAIN) : id < SPECULATE ? "interrupt" + (id - INTERRUPT)
                : "walk" + speculations.get(id - SPECULATE).cpu();
    }
}
