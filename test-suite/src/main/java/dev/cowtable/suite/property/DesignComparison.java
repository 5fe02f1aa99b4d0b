package dev.cowtable.suite.property;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusSession;
import dev.cowtable.suite.property.Difference.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program under two designs at once, operation by operation, and says where they first part.
 *
 * <p>After each operation, in this order: results against the model, the printed lines, all invariants of both kernels, contents
 * against the model, counts and sharing of one design against the other. At the end: leaks.
 *
 * <p>An operation that the emulator, a design or the model refuses ends the program.
 *
 * <p>Under a TLB policy other than {@code NONE} the fault counts in the lines are not compared: each design may take spurious
 * faults of its own.
 */
public final class DesignComparison {
    private final Scenario scenario;
    private final LitmusSession left;
    private final LitmusSession right;
    private final boolean countsFaults;
    private final boolean refusalEnds;
    private final MemoryModel model;
    private final StateComparison states;
    private final ContentCheck contents;
    private boolean ended;

    private DesignComparison(Program program, Design first, Design second, TlbPolicy tlbPolicy, boolean refusalEnds,
            int folioOrder) {
        this.refusalEnds = refusalEnds;
        model = new MemoryModel(folioOrder != 0);
        scenario = program.scenario();
        left = new LitmusSession(scenario, first, tlbPolicy);
        right = new LitmusSession(scenario, second, tlbPolicy);
        left.kernel().setAnonFolioOrder(folioOrder);
        right.kernel().setAnonFolioOrder(folioOrder);
        countsFaults = tlbPolicy == TlbPolicy.NONE;
        states = new StateComparison(left, right);
        contents = new ContentCheck(right, model);
    }

    /** The first difference between two designs, or between both and the model; null if there is none. */
    public static @Nullable Difference run(Program program, Design first, Design second, TlbPolicy tlbPolicy) {
        return new DesignComparison(program, first, second, tlbPolicy, true, 0).run();
    }

    /** The same where neither design may refuse an operation; one that is refused is a difference. */
    public static @Nullable Difference runWhole(Program program, Design first, Design second, TlbPolicy tlbPolicy) {
        return new DesignComparison(program, first, second, tlbPolicy, false, 0).run();
    }

    /**
     * As {@link #run} with write faults that take folios of 2^{@code folioOrder} pages where one fits.
     */
    public static RandomComparison.Comparison withFolios(int folioOrder) {
        return (program, first, second, tlbPolicy) -> new DesignComparison(program, first, second, tlbPolicy, true,
                folioOrder).run();
    }

    private @Nullable Difference run() {
        int at = 0;
        try {
            while (at < scenario.ops().size() && !ended) {
                Difference difference = step(scenario.ops().get(at), at);
                if (difference != null) {
                    return difference;
                }
                at++;
            }
            return leaks(at);
        } catch (UnsupportedOperationException e) {
            return refusalEnds ? leaks(at) : died(at, e);
        } catch (RuntimeException e) {
            return died(at, e);
        }
    }

    private static Difference died(int at, RuntimeException e) {
        StackTraceElement[] trace = e.getStackTrace();
        return new Difference(at, Kind.DIED, e.getMessage() + (trace.length == 0 ? "" : " at " + trace[0]));
    }

    private @Nullable Difference step(Op op, int at) {
        Prediction expected = predict(op);
        String mine = left.perform(op);
        String other = right.perform(op);
        if (!expected.allows(result(other))) {
            return new Difference(at, Kind.MODEL, op.src().text() + " gave " + result(other) + " and not " + expected);
        }
        boolean alike = countsFaults ? mine.equals(other) : result(mine).equals(result(other));
        if (!alike) {
            return new Difference(at, Kind.LINE, mine.strip() + " and " + other.strip());
        }
        expected.settle(result(other));
        return ended ? null : lookInside(scenario.areasAt(op.src().number()), at);
    }

    /** What the model cannot foretell is performed, and ends the program. */
    private Prediction predict(Op op) {
        try {
            return model.perform(op);
        } catch (UnsupportedOperationException e) {
            ended = true;
            return new Prediction.Anything();
        }
    }

    /** The result without the echo and the fault counts. */
    static String result(String line) {
        String result = line.substring(line.indexOf(" => ") + 4).strip();
        int faults = result.indexOf(" min=");
        return faults < 0 ? result : result.substring(0, faults);
    }

    private @Nullable Difference lookInside(List<Area> areas, int at) {
        List<String> violations = violations();
        if (!violations.isEmpty()) {
            return new Difference(at, Kind.INVARIANT, String.join("; ", violations));
        }
        String content = contents.check(areas);
        if (content != null) {
            return new Difference(at, Kind.CONTENT, content);
        }
        String state = states.compare(areas);
        return state == null ? null : new Difference(at, Kind.STATE, state);
    }

    private List<String> violations() {
        List<String> second = right.violations();
        return second.isEmpty() ? left.violations() : second;
    }

    private @Nullable Difference leaks(int at) {
        List<String> leaks = right.shutDown();
        leaks = leaks.isEmpty() ? left.shutDown() : leaks;
        return leaks.isEmpty() ? null : new Difference(at, Kind.LEAK, String.join("; ", leaks));
    }
}
