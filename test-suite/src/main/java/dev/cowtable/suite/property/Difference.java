package dev.cowtable.suite.property;

/**
 * The first thing that went wrong in a run.
 *
 * @param opIndex index of the operation after which it was seen; the program's length at the end of the run
 * @param kind what saw it
 * @param text one sentence
 */
public record Difference(int opIndex, Kind kind, String text) {
    /** What sees that something is wrong. */
    public enum Kind {
        /** The kernel stopped itself. */
        DIED,
        /** A result that user memory, or the arguments, forbid. */
        MODEL,
        /** The two designs printed different lines. */
        LINE,
        /** An invariant is broken. */
        INVARIANT,
        /** A page holds what its process, pin or pipe must not see. */
        CONTENT,
        /** Counts, marks, sizes or the sharing of pages differ between the designs. */
        STATE,
        /** Something was left over at the end. */
        LEAK
    }

    @Override
    public String toString() {
        return "after operation " + (opIndex + 1) + ": " + kind + ": " + text;
    }
}
