package dev.cowtable.suite.compare;

import java.util.Arrays;

/**
 * The pages of a rebuilt process that a workload may access: anonymous ones and zero pages, by ascending address.
 *
 * <p>A page is named by its number here. Its contents are one word repeated, told by the page and a stamp: 0 for the
 * zero page, 1 for a page as it was rebuilt, higher for later writes.
 */
public final class TouchablePages {
    /** The VMA may be read. */
    static final int READ = 1;
    /** An anonymous page of a VMA that may be written. */
    static final int WRITE = 2;
    /** A child gets this page as it is: the VMA is neither left out of it nor wiped. */
    static final int INHERITED = 4;

    static final int ZERO_PAGE_STAMP = 0;
    static final int FIRST_STAMP = 1;

    private long[] vaddrs = new long[1024];
    private byte[] rights = new byte[1024];
    private byte[] stamps = new byte[1024];
    private int count;

    TouchablePages() {
    }

    void add(long vaddr, int pageRights, int stamp) {
        if (count == vaddrs.length) {
            vaddrs = Arrays.copyOf(vaddrs, count * 2);
            rights = Arrays.copyOf(rights, count * 2);
            stamps = Arrays.copyOf(stamps, count * 2);
        }
        vaddrs[count] = vaddr;
        rights[count] = (byte) pageRights;
        stamps[count++] = (byte) stamp;
    }

    int count() {
        return count;
    }

    long vaddr(int page) {
        return vaddrs[page];
    }

    /** The stamps as they are after the rebuilding. */
    int[] firstStamps() {
        int[] first = new int[count];
        for (int i = 0; i < count; i++) {
            first[i] = stamps[i];
        }
        return first;
    }

    /** Numbers of the pages that have all these rights, ascending. */
    int[] having(int wanted) {
        int[] found = new int[count];
        int n = 0;
        for (int page = 0; page < count; page++) {
            if ((rights[page] & wanted) == wanted) {
                found[n++] = page;
            }
        }
        return Arrays.copyOf(found, n);
    }

    /** The word that fills a page. */
    static long word(int page, int stamp) {
        if (stamp == ZERO_PAGE_STAMP) {
            return 0;
        }
        long z = ((long) page << 32 | stamp) * 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        return (z ^ (z >>> 27)) | 1;
    }
}
