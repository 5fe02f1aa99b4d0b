package dev.cowtable.mmu.addr;

/**
 * Constants and index arithmetic of 4-level and 5-level paging; levels count from 1 (PTE) to 5 (PML5E).
 *
 * <pre>
 *  63    57 56      48 47      39 38      30 29      21 20      12 11         0
 * +--------+----------+----------+----------+----------+----------+------------+
 * | = b 56 | level 5  | level 4  | level 3  | level 2  | level 1  | page offset|  5 levels
 * +--------+----------+----------+----------+----------+----------+------------+
 * |      = bit 47     | level 4  | level 3  | level 2  | level 1  | page offset|  4 levels
 * +-------------------+----------+----------+----------+----------+------------+
 * </pre>
 */
public final class Paging {
    public static final int PAGE_SHIFT = 12;
    public static final long PAGE_BYTES = 1L << PAGE_SHIFT;
    public static final long OFFSET_MASK = PAGE_BYTES - 1;
    public static final int ENTRIES = 512;
    public static final int ENTRY_BYTES = 8;
    /** Of 4-level paging. */
    public static final int TOP_LEVEL = 4;
    /** The top level of 5-level paging. */
    public static final int MAX_LEVEL = 5;
    public static final int INDEX_BITS = 9;

    private Paging() {
    }

    /** Lowest linear-address bit that selects an entry of the level. */
    public static int shift(int level) {
        return PAGE_SHIFT + INDEX_BITS * (level - 1);
    }

    /** Bytes of linear address space that one entry of the level covers. */
    public static long sizeBytes(int level) {
        return 1L << shift(level);
    }

    public static int index(long vaddr, int level) {
        return (int) (vaddr >>> shift(level)) & (ENTRIES - 1);
    }

    /** Bits 63..47 (4 levels) or 63..56 (5 levels) are all equal. */
    public static boolean isCanonical(long vaddr, int levels) {
        int unused = unusedHighBits(levels);
        return ((vaddr << unused) >> unused) == vaddr;
    }

    /** How many high bits of a linear address select nothing. */
    public static int unusedHighBits(int levels) {
        return Long.SIZE - PAGE_SHIFT - levels * INDEX_BITS;
    }

    public static long pfn(long paddr) {
        return paddr >>> PAGE_SHIFT;
    }

    public static long paddr(long pfn) {
        return pfn << PAGE_SHIFT;
    }
}
