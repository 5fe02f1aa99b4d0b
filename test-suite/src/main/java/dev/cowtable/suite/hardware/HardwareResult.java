package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/**
 * What one test came to under one TLB policy.
 *
 * @param schedules runs that were made, without those that only took commuting steps in another order
 * @param randomSchedules those of them with random choices; 0: all interleavings are covered
 */
public record HardwareResult(HardwareTest test, TlbPolicy policy, SequencedMap<String, Sighting> sightings,
        long schedules, long randomSchedules) {
    /**
     * How often an outcome was seen, and one way to it.
     *
     * @param trace the steps in order, each {@code CPU:KIND}, {@code drainCPU} or {@code walkCPU}
     */
    public record Sighting(long count, String trace) {
    }

    /** Every outcome of the table, and then every other that was seen. */
    public List<Outcome> rows() {
        List<Outcome> rows = new ArrayList<>(test.outcomes());
        for (String text : sightings.keySet()) {
            if (test.outcome(text).isEmpty()) {
                rows.add(new Outcome(text, Expectation.FORBIDDEN, Seen.PERHAPS, "not in the table"));
            }
        }
        return rows;
    }

    public long count(Outcome row) {
        Sighting sighting = sightings.get(row.text());
        return sighting == null ? 0 : sighting.count();
    }

    /** One way to an outcome; empty if it was not seen. */
    public String way(Outcome row) {
        Sighting sighting = sightings.get(row.text());
        return sighting == null ? "" : sighting.trace();
    }

    public boolean isForbiddenButSeen(Outcome row) {
        return row.expectation() == Expectation.FORBIDDEN && count(row) != 0;
    }

    public boolean isRequiredButUnseen(Outcome row) {
        return row.seen().isRequiredUnder(policy) && count(row) == 0;
    }

    public boolean passes() {
        return rows().stream().noneMatch(row -> isForbiddenButSeen(row) || isRequiredButUnseen(row));
    }
}
