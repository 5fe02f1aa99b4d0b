package dev.cowtable.suite.oracle;

import dev.cowtable.suite.litmus.LitmusChecker;
import dev.cowtable.suite.litmus.LitmusChecker.Verdict;
import org.jspecify.annotations.Nullable;

/** Compares what a kernel did with what was claimed of it, and counts over several scenarios. */
public final class OracleTally {
    private final String claimant;
    private int alike;
    private int different;
    private int unsupported;
    private int skipped;
    private int failed;

    /** @param claimant who claims, in one word: the emulator, or a record */
    public OracleTally(String claimant) {
        this.claimant = claimant;
    }

    /**
     * Compares and counts.
     *
     * @return the first difference in a few lines; empty if there is none, or none up to an operation that the claimant
     *         does not support
     */
    public String compare(String name, String kernel, String claimed) {
        Verdict verdict = LitmusChecker.compare(kernel, claimed);
        return switch (verdict.result()) {
            case PASSED -> {
                alike++;
                yield "";
            }
            case UNSUPPORTED -> {
                unsupported++;
                yield "";
            }
            case FAILED -> {
                different++;
                yield describe(name, verdict, kernel);
            }
        };
    }

    private String describe(String name, Verdict verdict, String kernel) {
        return name + ":" + verdict.line() + ": difference in operation " + operationAt(kernel, verdict.line()) + "\n"
                + line("kernel", verdict.expected()) + line(claimant, verdict.got());
    }

    private static String line(String who, @Nullable String text) {
        return String.format("  %-10s%s\n", who + ":", text == null ? "(end of output)" : text);
    }

    /** The operation that printed the line: its own, or the last that is not indented. */
    private static String operationAt(String transcript, int line) {
        String found = "";
        int number = 0;
        for (String each : (Iterable<String>) transcript.lines()::iterator) {
            if (++number > line) {
                break;
            }
            if (!each.startsWith(" ")) {
                found = each;
            }
        }
        int arrow = found.indexOf(" => ");
        return arrow < 0 ? found : found.substring(0, arrow);
    }

    /** Counts a scenario that this machine cannot run. */
    public void skip() {
        skipped++;
    }

    /** Counts a scenario whose run did not come to an end. */
    public void fail() {
        failed++;
    }

    /** Whether something is wrong: a difference, or a run without a result. */
    public boolean hasDifferences() {
        return different + failed > 0;
    }

    public boolean hasSkipped() {
        return skipped > 0;
    }

    /** {@code N alike, M different, K unsupported by the emulator}, and {@link #missing}. */
    public String summary() {
        return alike + " alike, " + different + " different, " + unsupported + " unsupported by the " + claimant + ", "
                + missing();
    }

    /** The scenarios of which nothing is known: {@code L skipped}, and the failed ones if there are any. */
    public String missing() {
        return skipped + " skipped" + (failed > 0 ? ", " + failed + " failed" : "");
    }
}
