package dev.cowtable.mm.pgtable;

/**
 * A non-present entry.
 *
 * <pre>
 * | type | offset | 0 (PROTNONE) | 0 | EXCLUSIVE UFFD_WP SOFT_DIRTY | 0 (P) |
 *  63-59  58-9     8              7-4  3         2       1            0
 * </pre>
 *
 * <p>Mirrors: swp_entry_t as x86-64 stores it, with _PAGE_SWP_EXCLUSIVE and _PAGE_SWP_UFFD_WP.
 * <p>Differs: offsets are not inverted and one is added, so that no entry is 0.
 */
public final class SwpEntry {
    public static final long EXCLUSIVE = 1L << 3;
    public static final long UFFD_WP = 1L << 2;

    private static final int TYPE_SHIFT = 59;
    private static final int OFFSET_SHIFT = 9;
    private static final long OFFSET_MASK = (1L << (TYPE_SHIFT - OFFSET_SHIFT)) - 1;

    private SwpEntry() {
    }

    /** The entry of slot {@code offset} of swap area {@code type}. */
    public static long make(int type, long offset) {
        return (long) type << TYPE_SHIFT | (offset + 1) << OFFSET_SHIFT;
    }

    public static long offset(long entry) {
        return (entry >>> OFFSET_SHIFT & OFFSET_MASK) - 1;
    }

    public static int type(long entry) {
        return (int) (entry >>> TYPE_SHIFT);
    }

    /** True for an entry that is neither none nor present. */
    public static boolean isSwap(long pte) {
        return pte != Pte.NONE && !Pte.isPresent(pte);
    }

    public static boolean isExclusive(long entry) {
        return (entry & EXCLUSIVE) != 0;
    }

    public static long clearExclusive(long entry) {
        return entry & ~EXCLUSIVE;
    }
}
