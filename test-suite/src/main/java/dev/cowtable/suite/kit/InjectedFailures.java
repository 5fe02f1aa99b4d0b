package dev.cowtable.suite.kit;

import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusSession;
import dev.cowtable.suite.property.Program;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a small program once for each allocation of each operation, that allocation failing.
 *
 * <p>Afterwards the invariants hold, the operation done again has the result that it has without failure, so have all after it, and nothing
 * has leaked in the end.
 */
final class InjectedFailures {
    /** Programs of operations that can be done again after a failure. */
    static final List<Program> PROGRAMS = List.of(
            Program.of("P0 mmap A pages=6", "P0 touchrange A 0 4 1", "P0 fork P1", "P1 write A+0 2", "P0 write A+1 3",
                    "P1 write A+5 4", "P0 readrange A 0 6", "P1 readrange A 0 6"),
            Program.of("P0 mmap A pages=600", "P0 write A+0 1", "P0 write A+599 2", "P0 fork P1", "P1 fork P2",
                    "P1 write A+0 3", "P2 munmap A 1 600", "P0 read A+599", "P2 read A+0", "P1 read A+0"),
            Program.of("P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 pin A 1 2", "P0 fork P1", "P0 write A+1 9",
                    "P1 read A+1", "P1 write A+1 8", "P0 readrange A 0 4"),
            Program.of("P0 mmap A pages=6", "P0 touchrange A 0 6 1", "P0 fork P1", "P1 mprotect A 2 4 r",
                    "P0 madvise A 0 1 dontneed", "P1 madvise A 0 6 dontneed", "P1 readrange A 0 2",
                    "P0 readrange A 0 6"),
            Program.of("P0 mmap A pages=4", "P0 touchrange A 0 3 1", "P0 fork P1", "P0 exit", "P1 fork P2",
                    "P1 write A+0 2",
                    "P2 write A+0 3", "P1 exit", "P2 readrange A 0 4"),
            Program.of("swap zram", "P0 mmap A pages=4", "P0 touchrange A 0 4 7", "P0 madvise A pageout", "P0 fork P1",
                    "P1 write A+1 2", "P0 read A+0", "P0 readrange A 0 4", "P1 readrange A 0 4"),
            Program.of("P0 mmap A pages=3 flags=shared", "P0 write A+0 1", "P0 fork P1", "P1 write A+1 2",
                    "P0 read A+1", "P1 munmap A", "P0 write A+2 3"));

    private final Design design;
    private final Scenario scenario;

    private InjectedFailures(Design design, Program program) {
        this.design = design;
        this.scenario = program.scenario();
    }

    static KitOutcome run(Design design, Program program) {
        InjectedFailures failures = new InjectedFailures(design, program);
        String wrong = failures.run();
        return wrong == null ? KitOutcome.PASSED : KitOutcome.differs(wrong + " in" + program);
    }

    /** What is wrong, or null. */
    private @Nullable String run() {
        List<String> sound = rest(boot(), 0);
        for (int at = 0; at < scenario.ops().size(); at++) {
            long attempts = attempts(at);
            for (long skipped = 0; skipped < attempts; skipped++) {
                String wrong = inject(at, skipped, sound.subList(at, sound.size()));
                if (wrong != null) {
                    return "allocation " + skipped + " of '" + scenario.ops().get(at).src().text() + "' failing: "
                            + wrong;
                }
            }
        }
        return null;
    }

    private LitmusSession boot() {
        return new LitmusSession(scenario, design, TlbPolicy.ADVERSARIAL);
    }

    private LitmusSession upTo(int at) {
        LitmusSession session = boot();
        scenario.ops().subList(0, at).forEach(session::perform);
        return session;
    }

    private long attempts(int at) {
        LitmusSession session = upTo(at);
        FailureInjection failures = session.kernel().failures();
        long before = failures.attempts();
        session.perform(scenario.ops().get(at));
        return failures.attempts() - before;
    }

    private @Nullable String inject(int at, long skipped, List<String> sound) {
        LitmusSession session = upTo(at);
        session.kernel().failures().failOnceAfter(skipped);
        String result = result(session.perform(scenario.ops().get(at)));
        session.kernel().failures().off();
        if (!session.violations().isEmpty()) {
            return "answered " + result + ", then broken: " + String.join("; ", session.violations());
        }
        boolean failed = !result.equals(sound.getFirst());
        List<String> again = rest(session, failed ? at : at + 1);
        List<String> expected = failed ? sound : sound.subList(1, sound.size());
        if (!again.equals(expected)) {
            return "answered " + result + ", then " + again + " and not " + expected;
        }
        List<String> broken = new ArrayList<>(session.violations());
        broken.addAll(session.shutDown());
        return broken.isEmpty() ? null : "in the end broken: " + String.join("; ", broken);
    }

    private List<String> rest(LitmusSession session, int from) {
        List<Op> ops = scenario.ops();
        return ops.subList(from, ops.size()).stream().map(op -> result(session.perform(op))).toList();
    }

    private static String result(String line) {
        return ScenarioTrial.results(line).strip().replaceFirst("^.* => ", "");
    }
}
