package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.HeldReferences;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import java.util.Collection;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A scenario run operation by operation, for those who look at the kernel, or disturb it, in between.
 *
 * <p>Nothing is checked unless asked for, and what an operation throws reaches the caller.
 */
public final class LitmusSession {
    private final Scenario scenario;
    private final LitmusRunner runner;
    private final LitmusWorld world;

    /** Boots a machine on which no operation has run yet. */
    public LitmusSession(Scenario scenario, Design design, TlbPolicy tlbPolicy) {
        this.scenario = scenario;
        this.runner = new LitmusRunner(scenario, design, new RunOptions(tlbPolicy, false));
        this.world = runner.world();
    }

    public Kernel kernel() {
        return world.kernel();
    }

    /**
     * Performs the scenario's next operation, or one again.
     *
     * @return what the operation printed
     * @throws UnsupportedOperationException if it is refused
     */
    public String perform(Op op) {
        StringBuilder printed = runner.printed();
        int from = printed.length();
        runner.run(op, scenario.areasAt(op.src().number()));
        return printed.substring(from);
    }

    /** Numbers of all processes that ever ran, ascending. */
    public Collection<Integer> numbers() {
        return world.numbers();
    }

    /** The address space of a process, or null if it has ended. */
    public @Nullable MmStruct mm(int number) {
        LitmusProcess process = world.process(number);
        return process == null ? null : process.mm();
    }

    /** Broken invariants; the references of fixed buffers and pipes are known. */
    public List<String> violations() {
        return new InvariantChecker(kernel()).check(new HeldPages(world));
    }

    /** As {@link #violations}, with references that the caller holds besides. */
    public List<String> violations(HeldReferences others) {
        HeldPages own = new HeldPages(world);
        return new InvariantChecker(kernel()).check(pfn -> own.on(pfn) + others.on(pfn));
    }

    /** Calls with the frame of each pinned page, by process, buffer and page. */
    public void forEachPinned(LongConsumer pfns) {
        world.living().forEach(process -> process.buffers().forEachPage(pfns));
    }

    /** Calls with the frame of each page in a pipe, by pipe, first in first. */
    public void forEachPiped(LongConsumer pfns) {
        world.pipes().forEachPage(pfns);
    }

    /** Ends all processes and empties the pipes; what is missing then has leaked. */
    public List<String> shutDown() {
        return world.shutDown();
    }
}
