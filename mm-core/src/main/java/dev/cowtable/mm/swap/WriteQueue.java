package dev.cowtable.mm.swap;

import java.util.Arrays;

/** Frames that one CPU is writing asynchronously, and how many plugs it has: struct blk_plug. */
final class WriteQueue {
    int plugs;
    private long[] pfns = new long[16];
    private int count;

    void add(long pfn) {
        if (count == pfns.length) {
            pfns = Arrays.copyOf(pfns, count * 2);
        }
        pfns[count++] = pfn;
    }

    int count() {
        return count;
    }

    long pfn(int i) {
        return pfns[i];
    }

    void clear() {
        count = 0;
    }
}
