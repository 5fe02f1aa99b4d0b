package dev.cowtable.suite.compare;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one design made of the workload.
 *
 * @param figures    in bytes, nanoseconds or plain counts
 * @param violations one sentence for each broken invariant, wrong read and leak
 * @param refusal    why the design does not play the workload, or null; there are no figures then
 */
public record DesignResult(String design, Map<Figure, Long> figures, List<String> violations,
        @Nullable String refusal) {

    public DesignResult {
        figures = Map.copyOf(figures);
        violations = List.copyOf(violations);
    }

    public long figure(Figure figure) {
        return figures.getOrDefault(figure, 0L);
    }

    /** True if no check failed; a design that refuses has failed none. */
    public boolean passed() {
        return violations.isEmpty();
    }

    /** True if there are figures to compare. */
    public boolean isComparable() {
        return passed() && refusal == null;
    }
}
