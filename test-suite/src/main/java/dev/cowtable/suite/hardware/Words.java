package dev.cowtable.suite.hardware;

import java.util.Arrays;

/**
 * The 8-byte words of memory that a test's CPUs change, numbered: entries, and words of data.
 *
 * <p>Why: reading any other word commutes with everything, so it needs no scheduling point.
 */
final class Words {
    private static final int LINE_BYTES = 64;
    private static final int MOST = Long.SIZE - 1;

    private long[] paddrs = new long[8];
    private int size;
    private long data;

    void declare(long paddr) {
        if (mask(paddr) != 0) {
            return;
        }
        if (size == MOST) {
            throw new IllegalStateException("more than " + MOST + " words are changed");
        }
        if (size == paddrs.length) {
            paddrs = Arrays.copyOf(paddrs, 2 * size);
        }
        paddrs[size++] = paddr;
    }

    /** A word that loads and stores of user pages reach. */
    void declareData(long paddr) {
        declare(paddr);
        data |= mask(paddr);
    }

    /** 0 if the word was not declared. */
    long mask(long paddr) {
        for (int i = 0; i < size; i++) {
            if (paddrs[i] == paddr) {
                return 1L << i;
            }
        }
        return 0;
    }

    /** All declared words of the cache line. */
    long line(long paddr) {
        long mask = 0;
        for (int i = 0; i < size; i++) {
            mask |= (paddrs[i] ^ paddr) < LINE_BYTES && (paddrs[i] ^ paddr) >= 0 ? 1L << i : 0;
        }
        return mask;
    }

    long data() {
        return data;
    }
}
