package dev.cowtable.suite.explore;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The choices of one run in order: which CPU went on at each scheduling point.
 *
 * <p>As text, {@code 0*12 1*3 0 2*7}: CPU 0 at twelve points, then CPU 1 at three, CPU 0 once, CPU 2 at seven.
 */
public final class Schedule {
    private final int[] cpus;
    private final long[] counts;

    private Schedule(int[] cpus, long[] counts) {
        this.cpus = cpus;
        this.counts = counts;
    }

    /**
     * Reads the text form.
     *
     * @throws IllegalArgumentException naming the entry that is none
     */
    public static Schedule parse(String text) {
        Recorder recorder = new Recorder();
        for (String entry : text.trim().split("\\s+", -1)) {
            if (!entry.isEmpty()) {
                parseEntry(recorder, entry);
            }
        }
        return recorder.schedule();
    }

    private static void parseEntry(Recorder recorder, String entry) {
        int star = entry.indexOf('*');
        try {
            int cpu = Integer.parseInt(star < 0 ? entry : entry.substring(0, star));
            long count = star < 0 ? 1 : Long.parseLong(entry.substring(star + 1));
            if (cpu >= 0 && cpu < Long.SIZE && count > 0) {
                recorder.add(cpu, count);
                return;
            }
        } catch (NumberFormatException e) {
            throw notAnEntry(entry, e);
        }
        throw notAnEntry(entry, null);
    }

    private static IllegalArgumentException notAnEntry(String entry, @Nullable NumberFormatException cause) {
        return new IllegalArgumentException("schedule entry '" + entry + "' is not CPU or CPU*COUNT", cause);
    }

    /** Number of entries: stretches of choices for the same CPU. */
    public int entries() {
        return cpus.length;
    }

    public int cpu(int entry) {
        return cpus[entry];
    }

    public long count(int entry) {
        return counts[entry];
    }

    /** Number of choices. */
    public long length() {
        return Arrays.stream(counts).sum();
    }

    /** This schedule without one entry; its neighbours become one if they are for the same CPU. */
    Schedule without(int entry) {
        Recorder recorder = new Recorder();
        for (int i = 0; i < cpus.length; i++) {
            if (i != entry) {
                recorder.add(cpus[i], counts[i]);
            }
        }
        return recorder.schedule();
    }

    /** This schedule with an entry and the one after it in the other order. */
    Schedule swapped(int entry) {
        Recorder recorder = new Recorder();
        for (int i = 0; i < cpus.length; i++) {
            int from = i == entry ? i + 1 : i == entry + 1 ? i - 1 : i;
            recorder.add(cpus[from], counts[from]);
        }
        return recorder.schedule();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Schedule that && Arrays.equals(cpus, that.cpus) && Arrays.equals(counts, that.counts);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(cpus) * 31 + Arrays.hashCode(counts);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < cpus.length; i++) {
            text.append(i == 0 ? "" : " ").append(cpus[i]);
            if (counts[i] != 1) {
                text.append('*').append(counts[i]);
            }
        }
        return text.toString();
    }

    /** Collects choices. */
    static final class Recorder {
        private int[] cpus = new int[16];
        private long[] counts = new long[16];
        private int size;

        void add(int cpu, long count) {
            if (size > 0 && cpus[size - 1] == cpu) {
                counts[size - 1] += count;
                return;
            }
            if (size == cpus.length) {
                cpus = Arrays.copyOf(cpus, size * 2);
                counts = Arrays.copyOf(counts, size * 2);
            }
            cpus[size] = cpu;
            counts[size++] = count;
        }

        Schedule schedule() {
            return new Schedule(Arrays.copyOf(cpus, size), Arrays.copyOf(counts, size));
        }
    }
}
