package dev.cowtable.suite.vectors;

import java.util.Arrays;

/** A vector as a file holds it: what was done and what came of it. */
public record RecordedVector(VectorInput input, VectorResult result) {
    /** Without the entries that the walk did not reach, which decide nothing. */
    public RecordedVector trimmed() {
        long[] reached = input.entries().clone();
        Arrays.fill(reached, 0, Math.min(result.lowestLevel(), reached.length), 0);
        return new RecordedVector(input.withEntries(reached), result);
    }
}
