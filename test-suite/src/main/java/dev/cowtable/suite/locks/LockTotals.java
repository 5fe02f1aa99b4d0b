package dev.cowtable.suite.locks;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.LockFigures;
import dev.cowtable.mm.lock.LockStatistics;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What all runs of one design came to: sums, and the longest of all. */
public final class LockTotals {
    private final LockFigures ptl = new LockFigures();
    private final LockFigures pmd = new LockFigures();
    private final LockFigures breaking = new LockFigures();
    private final Map<LockCause, LockFigures> byCause = new EnumMap<>(LockCause.class);
    private final Map<Counter, Long> counts = new EnumMap<>(Counter.class);
    private final List<String> violations = new ArrayList<>();
    private long steps;
    private long ptlLocks;
    private long mostPtlAcquisitions;
    private long pagesFreed;
    private @Nullable String refusal;

    LockTotals() {
        for (LockCause cause : LockCause.values()) {
            byCause.put(cause, new LockFigures());
        }
    }

    void add(LockStatistics run) {
        ptl.add(run.of(LockClass.PTL));
        pmd.add(run.of(LockClass.PMD_LOCK));
        breaking.add(run.breaking(LockClass.PTL));
        byCause.forEach((cause, sum) -> sum.add(run.of(LockClass.PTL, cause.ordinal())));
        ptlLocks += run.locksTaken(LockClass.PTL);
        mostPtlAcquisitions = Math.max(mostPtlAcquisitions, run.mostAcquisitions(LockClass.PTL));
    }

    /** Adds what a run has counted since {@code before}. */
    void add(Counters counters, Map<Counter, Long> before) {
        before.forEach((counter, count) -> counts.merge(counter, counters.sum(counter) - count, Long::sum));
    }

    void addSteps(long ofRun) {
        steps += ofRun;
    }

    void addPagesFreed(long pages) {
        pagesFreed += pages;
    }

    void violated(String sentence) {
        violations.add(sentence);
    }

    void refuse(String reason) {
        refusal = reason;
    }

    /** All locks of PTE tables. */
    public LockFigures ptl() {
        return ptl;
    }

    /** All locks of PMD tables. */
    public LockFigures pmd() {
        return pmd;
    }

    /** Holds of the lock of a PTE table during which it was broken. */
    public LockFigures breaking() {
        return breaking;
    }

    /** Holds of locks of PTE tables for one cause. */
    public LockFigures of(LockCause cause) {
        return byCause.getOrDefault(cause, new LockFigures());
    }

    public long count(Counter counter) {
        return counts.getOrDefault(counter, 0L);
    }

    public long steps() {
        return steps;
    }

    public long ptlLocks() {
        return ptlLocks;
    }

    /** Of the lock of one PTE table, in the run where it was most. */
    public long mostPtlAcquisitions() {
        return mostPtlAcquisitions;
    }

    public long pagesFreed() {
        return pagesFreed;
    }

    public List<String> violations() {
        return List.copyOf(violations);
    }

    /** Why the design can not play the scene, or null. */
    public @Nullable String refusal() {
        return refusal;
    }
}
