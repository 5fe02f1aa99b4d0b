package dev.cowtable.suite.property;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusSession;
import dev.cowtable.suite.property.Difference.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program under one design against the model of user memory: results, bytes and invariants, but no counts of another design.
 *
 * <p>An operation that the design or the model refuses ends the program.
 */
public final class ModelComparison {
    private ModelComparison() {}

    /** The first difference, or null; made as {@link RandomComparison.Comparison}, which does not look at {@code first}. */
    public static @Nullable Difference run(Program program, Design first, Design second, TlbPolicy tlbPolicy) {
        return run(program, second, tlbPolicy);
    }

    /** The first difference between a design and the model, or null. */
    public static @Nullable Difference run(Program program, Design design, TlbPolicy tlbPolicy) {
        return run(program, design, tlbPolicy, 0);
    }

    /** As {@link #run} with write faults that take folios of 2^{@code folioOrder} pages where one fits. */
    public static RandomComparison.Comparison withFolios(int folioOrder) {
        return (program, first, second, tlbPolicy) -> run(program, second, tlbPolicy, folioOrder);
    }

    private static @Nullable Difference run(Program program, Design design, TlbPolicy tlbPolicy, int folioOrder) {
        Scenario scenario = program.scenario();
        LitmusSession session = new LitmusSession(scenario, design, tlbPolicy);
        session.kernel().setAnonFolioOrder(folioOrder);
        MemoryModel model = new MemoryModel(folioOrder != 0);
        int at = 0;
        try {
            for (; at < scenario.ops().size(); at++) {
                Difference difference = step(session, model, scenario, at);
                if (difference != null) {
                    return difference;
                }
            }
        } catch (UnsupportedOperationException e) {
            // What is refused ends the program.
        } catch (RuntimeException e) {
            return new Difference(at, Kind.DIED, String.valueOf(e));
        }
        List<String> leaks = session.shutDown();
        return leaks.isEmpty() ? null : new Difference(at, Kind.LEAK, String.join("; ", leaks));
    }

    private static @Nullable Difference step(LitmusSession session, MemoryModel model, Scenario scenario, int at) {
        Op op = scenario.ops().get(at);
        Prediction expected = model.perform(op);
        String result = DesignComparison.result(session.perform(op));
        if (!expected.allows(result)) {
            return new Difference(at, Kind.MODEL, op.src().text() + " gave " + result + " and not " + expected);
        }
        expected.settle(result);
        List<String> violations = session.violations();
        if (!violations.isEmpty()) {
            return new Difference(at, Kind.INVARIANT, String.join("; ", violations));
        }
        String content = new ContentCheck(session, model).check(scenario.areasAt(op.src().number()));
        return content == null ? null : new Difference(at, Kind.CONTENT, content);
    }
}
