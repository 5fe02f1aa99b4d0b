package dev.cowtable.suite.litmus;

import org.jspecify.annotations.Nullable;

/** Compares a scenario's output with what was expected, and counts verdicts over several scenarios. */
public final class LitmusChecker {
    private static final String ARROW = " => ";

    private int passed;
    private int failed;
    private int unsupported;

    /** What a comparison found. */
    public enum Result { PASSED, FAILED, UNSUPPORTED }

    /**
     * A comparison's result and, unless it passed, the first line that differs.
     *
     * @param line line number from 1, 0 if none differs
     * @param expected null when the output has a line too many
     * @param got null when the output ends too early
     */
    public record Verdict(Result result, int line, @Nullable String expected, @Nullable String got) {
        /** Three lines that show the difference; empty if there is none. */
        public String describe(String name) {
            if (line == 0) {
                return "";
            }
            return name + ":" + line + ": " + (result == Result.UNSUPPORTED ? "unsupported" : "difference")
                    + "\n  expected: " + shown(expected) + "\n  got:      " + shown(got) + "\n";
        }

        private static String shown(@Nullable String line) {
            return line == null ? "(end of output)" : line;
        }
    }

    /**
     * Compares line by line, the final line end included.
     *
     * <p>An output that agrees up to an operation refused with UNSUPPORTED counts as unsupported, not as failed.
     */
    public static Verdict compare(String expected, String got) {
        String[] expectedLines = expected.split("\n", -1);
        String[] gotLines = got.split("\n", -1);
        int lines = Math.max(expectedLines.length, gotLines.length);
        for (int i = 0; i < lines; i++) {
            String want = i < expectedLines.length ? expectedLines[i] : null;
            String have = i < gotLines.length ? gotLines[i] : null;
            if (want == null || !want.equals(have)) {
                return new Verdict(refused(want, have) ? Result.UNSUPPORTED : Result.FAILED, i + 1, want, have);
            }
        }
        return new Verdict(Result.PASSED, 0, null, null);
    }

    private static boolean refused(@Nullable String want, @Nullable String have) {
        if (want == null || have == null) {
            return false;
        }
        int arrow = have.indexOf(ARROW);
        return arrow >= 0 && want.startsWith(have.substring(0, arrow + ARROW.length()))
                && have.startsWith(OpResult.UNSUPPORTED, arrow + ARROW.length());
    }

    /** Compares and counts. */
    public Verdict check(String expected, String got) {
        Verdict verdict = compare(expected, got);
        switch (verdict.result()) {
            case PASSED -> passed++;
            case FAILED -> failed++;
            case UNSUPPORTED -> unsupported++;
        }
        return verdict;
    }

    /** Counts a scenario as failed whatever it printed: its run broke an invariant. */
    public void fail() {
        failed++;
    }

    public int failed() {
        return failed;
    }

    /** {@code N passed, M failed, K unsupported}. */
    public String summary() {
        return passed + " passed, " + failed + " failed, " + unsupported + " unsupported";
    }
}
