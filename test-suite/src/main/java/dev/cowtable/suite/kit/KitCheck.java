package dev.cowtable.suite.kit;

import java.util.function.Supplier;

/**
 * One thing that a design is tried with.
 *
 * @param group under what it is reported, such as {@code litmus/cow}
 * @param name its name in the group
 * @param body runs it on machines of its own
 */
public record KitCheck(String group, String name, Supplier<KitOutcome> body) {
    /** Runs it; what the laboratory itself throws is a difference too. */
    public KitOutcome run() {
        try {
            return body.get();
        } catch (UnsupportedOperationException e) {
            return KitOutcome.unsupported(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            StackTraceElement[] trace = e.getStackTrace();
            return KitOutcome.differs("died: " + e + (trace.length == 0 ? "" : " at " + trace[0]));
        }
    }
}
