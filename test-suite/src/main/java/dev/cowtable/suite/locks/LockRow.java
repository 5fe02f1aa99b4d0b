package dev.cowtable.suite.locks;

import dev.cowtable.mm.stat.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * A row of the table: what is compared between designs.
 *
 * @param key for machines
 */
public record LockRow(String label, String key, ToLongFunction<LockTotals> figure) {
    private static final List<LockRow> ALL = all();

    static List<LockRow> values() {
        return ALL;
    }

    /** True if a row of zeros is not worth printing: what one mix or some designs never do. */
    boolean isRare() {
        return label.contains(" by ") || key.equals("entriesEdited") || key.equals("pagesFreed");
    }

    public long of(LockTotals totals) {
        return figure.applyAsLong(totals);
    }

    private static List<LockRow> all() {
        List<LockRow> rows = new ArrayList<>(List.of(
                new LockRow("locks of PTE tables taken", "ptlLocks", LockTotals::ptlLocks),
                new LockRow("  acquisitions", "ptlAcquisitions", t -> t.ptl().acquisitions()),
                new LockRow("  acquisitions of one lock, at most", "ptlAcquisitionsOfOneMost",
                        LockTotals::mostPtlAcquisitions),
                new LockRow("  found taken", "ptlContended", t -> t.ptl().contended()),
                new LockRow("  steps waited, sum", "ptlWaitedSteps", t -> t.ptl().stepsWaited()),
                new LockRow("  steps waited, longest", "ptlWaitedLongestSteps", t -> t.ptl().longestWaitSteps()),
                new LockRow("  steps held, sum", "ptlHeldSteps", t -> t.ptl().stepsHeld()),
                new LockRow("  steps held, mean", "ptlHeldMeanSteps", LockRow::meanHold)));
        for (LockCause cause : LockCause.values()) {
            String key = "ptlHeldLongestBy" + camel(cause) + "Steps";
            rows.add(new LockRow("  steps held, longest by " + cause.word(), key,
                    t -> t.of(cause).longestHoldSteps()));
        }
        rows.add(new LockRow("  steps held, longest with a break", "ptlHeldLongestWithBreakSteps",
                t -> t.breaking().longestHoldSteps()));
        for (LockCause cause : LockCause.values()) {
            rows.add(new LockRow("  found taken by " + cause.word(), "ptlContendedBy" + camel(cause),
                    t -> t.of(cause).contended()));
        }
        rows.addAll(List.of(
                new LockRow("  TLB flushes under it", "ptlFlushes", t -> t.ptl().flushes()),
                new LockRow("  IPIs under it", "ptlIpis", t -> t.ptl().ipis()),
                new LockRow("  IPIs under one hold, at most", "ptlIpisOfOneMost", t -> t.ptl().mostIpis()),
                new LockRow("pmd locks: acquisitions", "pmdAcquisitions", t -> t.pmd().acquisitions()),
                new LockRow("pmd locks: found taken", "pmdContended", t -> t.pmd().contended()),
                new LockRow("pmd locks: steps waited, sum", "pmdWaitedSteps", t -> t.pmd().stepsWaited()),
                new LockRow("pmd locks: steps held, longest", "pmdHeldLongestSteps", t -> t.pmd().longestHoldSteps()),
                new LockRow("pmd locks: IPIs under it", "pmdIpis", t -> t.pmd().ipis()),
                new LockRow("shared tables broken by a copy", "tablesBroken", t -> t.count(Counter.TABLE_BROKEN)),
                new LockRow("entries edited in place", "entriesEdited", t -> t.count(Counter.TABLE_EDITED)),
                new LockRow("pages freed by reclaim", "pagesFreed", LockTotals::pagesFreed),
                new LockRow("TLB flushes", "tlbFlushes", t -> t.count(Counter.TLB_FLUSH)),
                new LockRow("IPIs", "ipis", t -> t.count(Counter.IPI)),
                new LockRow("steps of all CPUs", "steps", LockTotals::steps)));
        return List.copyOf(rows);
    }

    private static long meanHold(LockTotals totals) {
        long holds = totals.ptl().acquisitions();
        return holds == 0 ? 0 : Math.round((double) totals.ptl().stepsHeld() / holds);
    }

    private static String camel(LockCause cause) {
        return Character.toUpperCase(cause.word().charAt(0)) + cause.word().substring(1);
    }
}
