package dev.cowtable.suite.snapshot;

import java.util.Arrays;

/**
 * The page states of one VMA, run-length encoded in two arrays.
 *
 * <p>Invariant: no run is empty, neighbouring runs differ.
 */
public final class PageRuns {
    private final byte[] states;
    private final long[] nrPages;

    private PageRuns(byte[] states, long[] nrPages) {
        this.states = states;
        this.nrPages = nrPages;
    }

    public int nrRuns() {
        return states.length;
    }

    public PageState state(int run) {
        return PageState.ofRaw(states[run]);
    }

    /** Length of one run in 4 kB pages. */
    public long nrPages(int run) {
        return nrPages[run];
    }

    /** Pages in all runs of that state. */
    public long nrPages(PageState state) {
        long sum = 0;
        for (int i = 0; i < states.length; i++) {
            sum += states[i] == state.raw() ? nrPages[i] : 0;
        }
        return sum;
    }

    public long totalPages() {
        long sum = 0;
        for (long n : nrPages) {
            sum = Math.addExact(sum, n);
        }
        return sum;
    }

    boolean needsAnonVma() {
        for (byte state : states) {
            if (PageState.ofRaw(state).needsAnonVma()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PageRuns runs
                && Arrays.equals(states, runs.states) && Arrays.equals(nrPages, runs.nrPages);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(states) + Arrays.hashCode(nrPages);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < states.length; i++) {
            text.append(i == 0 ? "" : " ").append(runText(i));
        }
        return text.toString();
    }

    /** One run as in the file: the letter, and the number of pages unless it is one. */
    String runText(int run) {
        char code = state(run).code();
        return nrPages[run] == 1 ? String.valueOf(code) : code + Long.toString(nrPages[run]);
    }

    /** Collects runs, merging neighbours of the same state. */
    public static final class Builder {
        private byte[] states = new byte[16];
        private long[] nrPages = new long[16];
        private int nrRuns;

        public Builder add(PageState state, long count) {
            return addRaw(state.raw(), count);
        }

        Builder addRaw(byte state, long count) {
            if (count < 0) {
                throw new IllegalArgumentException("negative number of pages");
            }
            if (count == 0) {
                return this;
            }
            if (nrRuns > 0 && states[nrRuns - 1] == state) {
                nrPages[nrRuns - 1] = Math.addExact(nrPages[nrRuns - 1], count);
                return this;
            }
            if (nrRuns == states.length) {
                states = Arrays.copyOf(states, nrRuns * 2);
                nrPages = Arrays.copyOf(nrPages, nrRuns * 2);
            }
            states[nrRuns] = state;
            nrPages[nrRuns++] = count;
            return this;
        }

        int nrRuns() {
            return nrRuns;
        }

        byte rawState(int run) {
            return states[run];
        }

        long runLength(int run) {
            return nrPages[run];
        }

        long count(byte state) {
            long sum = 0;
            for (int i = 0; i < nrRuns; i++) {
                sum += states[i] == state ? nrPages[i] : 0;
            }
            return sum;
        }

        /** The same pages with one state replaced by another. */
        Builder replace(byte from, PageState to) {
            Builder result = new Builder();
            for (int i = 0; i < nrRuns; i++) {
                result.addRaw(states[i] == from ? to.raw() : states[i], nrPages[i]);
            }
            return result;
        }

        public PageRuns build() {
            return new PageRuns(Arrays.copyOf(states, nrRuns), Arrays.copyOf(nrPages, nrRuns));
        }
    }
}
