package dev.cowtable.suite.litmus;

/**
 * Chooses the addresses of areas that state none, so that each has PTE tables of its own.
 *
 * <p>The first area lies at {@link #FIRST_VADDR}, each next one 2 MiB above the highest end of all areas so far, that
 * end rounded up to 2 MiB.
 *
 * <p>Why: an area placed by hand below {@link #FIRST_VADDR} does not pull the others down with it.
 */
public final class AreaLayout {
    /** log2 of the page size. */
    public static final int PAGE_SHIFT = 12;
    /** Bytes of a page. */
    public static final long PAGE_BYTES = 1L << PAGE_SHIFT;
    /** Bytes that one PTE table maps. */
    public static final long TABLE_BYTES = 2L << 20;
    /** Where the first area without an address lies. */
    public static final long FIRST_VADDR = 0x2_0000_0000L;
    /** First address that a process with 4-level tables cannot map. */
    public static final long END_VADDR = 0x7fff_ffff_f000L;

    private long nextVaddr = FIRST_VADDR;

    /**
     * Address for the next area without one; nothing is reserved by asking.
     *
     * @param alignBytes a power of two by which the address is rounded up further
     */
    public long next(long alignBytes) {
        return roundUp(nextVaddr, alignBytes);
    }

    /** Records an area, placed by this class or by hand, or its new length. */
    public void occupy(Area area) {
        nextVaddr = Math.max(nextVaddr, roundUp(area.endVaddr(), TABLE_BYTES) + TABLE_BYTES);
    }

    private static long roundUp(long value, long alignBytes) {
        return (value + alignBytes - 1) & -alignBytes;
    }
}
