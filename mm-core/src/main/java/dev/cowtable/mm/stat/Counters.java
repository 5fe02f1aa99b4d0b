package dev.cowtable.mm.stat;

/**
 * Cost counters, one row a CPU, so that counting is a plain addition.
 *
 * <p>Locks: a row is written by its own CPU only; sums are exact when the CPUs are at rest.
 */
public final class Counters {
    private static final int COUNTERS = Counter.values().length;

    private final long[][] rows;

    public Counters(int cpuCount) {
        rows = new long[cpuCount][COUNTERS];
    }

    public void add(int cpu, Counter counter, long n) {
        rows[cpu][counter.ordinal()] += n;
    }

    public long of(int cpu, Counter counter) {
        return rows[cpu][counter.ordinal()];
    }

    public long sum(Counter counter) {
        long sum = 0;
        for (long[] row : rows) {
            sum += row[counter.ordinal()];
        }
        return sum;
    }
}
