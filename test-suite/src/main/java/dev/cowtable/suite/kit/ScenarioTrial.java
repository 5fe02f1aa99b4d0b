package dev.cowtable.suite.kit;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.LitmusChecker;
import dev.cowtable.suite.litmus.LitmusChecker.Result;
import dev.cowtable.suite.litmus.LitmusChecker.Verdict;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.run.LitmusResult;
import dev.cowtable.suite.litmus.run.LitmusRunner;
import dev.cowtable.suite.litmus.run.RunOptions;

/**
 * Runs a scenario under a design, the invariants checked at the end, and compares with the record: all of it, and if that differs, the
 * results alone.
 *
 * @param line line in the scenario of the first operation that differs as the outcome says, from 1; 0 if none
 */
public record ScenarioTrial(KitOutcome outcome, int line) {
    private static final String ARROW = " => ";
    private static final String RESIDENCY = "ok [01]+";

    static ScenarioTrial run(ShippedScenario shipped, Design design) {
        return run(shipped, design, new RunOptions(TlbPolicy.NONE, false));
    }

    static ScenarioTrial run(ShippedScenario shipped, Design design, RunOptions options) {
        LitmusResult result = LitmusRunner.run(shipped.scenario(), design, options);
        String name = shipped.scenario().name();
        Verdict whole = LitmusChecker.compare(shipped.expected(), result.text());
        if (!result.sound()) {
            return new ScenarioTrial(
                    KitOutcome.differs(
                            name + ": broken: " + String.join("; ", result.violations().stream().distinct().toList())),
                    sourceLine(shipped, shipped.expected(), whole));
        }
        if (whole.result() == Result.PASSED) {
            return new ScenarioTrial(KitOutcome.PASSED, 0);
        }
        return byResults(shipped, whole, result);
    }

    private static ScenarioTrial byResults(ShippedScenario shipped, Verdict whole, LitmusResult result) {
        String name = shipped.scenario().name();
        String expected = results(shipped.expected());
        Verdict verdict = LitmusChecker.compare(expected, results(result.text()));
        return switch (verdict.result()) {
            case PASSED ->
                    new ScenarioTrial(new KitOutcome(KitOutcome.Verdict.BYTES, whole.describe(name + ".expected")),
                            sourceLine(shipped, shipped.expected(), whole));
            case UNSUPPORTED -> new ScenarioTrial(KitOutcome.unsupported(name + ": " + verdict.got()),
                    sourceLine(shipped, expected, verdict));
            case FAILED -> new ScenarioTrial(KitOutcome.differs(name + ": got " + verdict.got() + "\n  and not "
                    + verdict.expected()), sourceLine(shipped, expected, verdict));
        };
    }

    /** The line in the scenario of the operation whose output holds the line that differs. */
    private static int sourceLine(ShippedScenario shipped, String text, Verdict verdict) {
        String[] lines = text.split("\n", -1);
        for (int i = Math.min(verdict.line(), lines.length) - 1; i >= 0; i--) {
            if (lines[i].matches("[0-9]+\\| .*")) {
                int number = Integer.parseInt(lines[i].substring(0, lines[i].indexOf('|')));
                return shipped.scenario().ops().get(number - 1).src().line();
            }
        }
        return 0;
    }

    /**
     * The lines of operations without fault counts and residency; blocks of observations go away.
     *
     * <p>Why the line of what a design refuses stays as it is: it is what the comparison looks for.
     */
    static String results(String text) {
        StringBuilder results = new StringBuilder();
        for (String line : text.split("\n", -1)) {
            int arrow = line.indexOf(ARROW);
            if (line.isEmpty() || !Character.isDigit(line.charAt(0)) || arrow < 0) {
                continue;
            }
            String head = line.substring(0, arrow + ARROW.length());
            String result = line.substring(head.length());
            int faults = result.indexOf(" min=");
            String bare = faults < 0 ? result : result.substring(0, faults);
            results.append(head).append(bare.matches(RESIDENCY) ? OpResult.OK : bare).append('\n');
        }
        return results.toString();
    }
}
