package dev.cowtable.suite.litmus.run;

import java.util.List;

/**
 * What a run printed.
 *
 * @param text the transcript, a line {@code !! invariant ...} for each violation included
 * @param unsupported whether the run stopped at an operation that the emulator or the design refused
 * @param violations broken invariants; a run that has any has failed, whatever it printed
 */
public record LitmusResult(String text, boolean unsupported, List<String> violations) {
    public LitmusResult {
        violations = List.copyOf(violations);
    }

    /** Whether the kernel kept all its promises. */
    public boolean sound() {
        return violations.isEmpty();
    }
}
