package dev.cowtable.suite.compare;

import java.util.List;
import java.util.Map;

/**
 * What one design made of the workload.
 *
 * @param figures    in bytes, nanoseconds or plain counts
 * @param violations one sentence for each broken invariant, wrong read and leak
 */
public record DesignResult(String design, Map<Figure, Long> figures, List<String> violations) {

    public DesignResult {
        figures = Map.copyOf(figures);
        violations = List.copyOf(violations);
    }

    public long figure(Figure figure) {
        return figures.getOrDefault(figure, 0L);
    }

    public boolean passed() {
        return violations.isEmpty();
    }

}
