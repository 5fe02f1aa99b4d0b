package dev.cowtable.mm.lru;

import java.util.Arrays;

/** The references that all batches hold, counted at one moment of a machine at rest. */
public final class LruReferences {
    private long[] pfns = new long[64];
    private int count;

    public LruReferences(Lru lru) {
        lru.forEachReference(this::add);
        pfns = Arrays.copyOf(pfns, count);
        Arrays.sort(pfns);
    }

    private void add(long pfn) {
        if (count == pfns.length) {
            pfns = Arrays.copyOf(pfns, count * 2);
        }
        pfns[count++] = pfn;
    }

    /** References on one page. */
    public int on(long pfn) {
        int at = Arrays.binarySearch(pfns, pfn);
        if (at < 0) {
            return 0;
        }
        int first = at;
        while (first > 0 && pfns[first - 1] == pfn) {
            first--;
        }
        int end = at + 1;
        while (end < count && pfns[end] == pfn) {
            end++;
        }
        return end - first;
    }
}
