package dev.cowtable.suite.kit;

/**
 * What one check came to.
 *
 * @param text what is wrong, refused or printed otherwise; empty if nothing is
 */
public record KitOutcome(Verdict verdict, String text) {
    /** The verdicts, the best first. */
    public enum Verdict {
        PASSED,
        /** All results and bytes are right, counts and marks are not those of Linux; no failure for a design that claims no more. */
        BYTES,
        /** The design refused an operation; all was right until then. */
        UNSUPPORTED,
        DIFFERS
    }

    static final KitOutcome PASSED = new KitOutcome(Verdict.PASSED, "");

    static KitOutcome differs(String text) {
        return new KitOutcome(Verdict.DIFFERS, text);
    }

    static KitOutcome unsupported(String text) {
        return new KitOutcome(Verdict.UNSUPPORTED, text);
    }

    /** Whether the design breaks what it claims. */
    public boolean breaks(Claim claim) {
        return verdict == Verdict.DIFFERS || verdict == Verdict.BYTES && claim == Claim.EXACT;
    }
}
