package dev.cowtable.suite.explore;

import java.util.List;

/** What one run of a race came to; {@code steps} are the scheduling points that the bodies passed. */
public record RaceResult(List<String> violations, Schedule schedule, long steps) {
    public RaceResult {
        violations = List.copyOf(violations);
    }

    public boolean ok() {
        return violations.isEmpty();
    }
}
