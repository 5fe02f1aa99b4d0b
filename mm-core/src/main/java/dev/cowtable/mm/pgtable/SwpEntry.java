package dev.cowtable.mm.pgtable;

/**
 * A non-present entry: a swap slot, a page on its way to another frame, a poisoned page or a marker.
 *
 * <pre>
 * | type | offset | 0 (PROTNONE) | 0 | EXCLUSIVE UFFD_WP SOFT_DIRTY | 0 (P) |
 *  63-59  58-9     8              7-4  3         2       1            0
 *
 * type 0..23           swap area; offset: the slot
 *      24              hwpoison; offset: the frame
 *      25, 26, 27      migration, readable / readable exclusive / writable; offset: frame (40 bits), young, dirty
 *      31              marker; offset: {@link #MARKER_UFFD_WP}, {@link #MARKER_POISONED}, {@link #MARKER_GUARD}
 * </pre>
 *
 * <p>Mirrors: swp_entry_t as x86-64 stores it, with _PAGE_SWP_EXCLUSIVE and _PAGE_SWP_UFFD_WP; include/linux/swapops.h.
 * <p>Differs: offsets are not inverted and one is added, so that no entry is 0.
 */
public final class SwpEntry {
    public static final long EXCLUSIVE = 1L << 3;
    public static final long UFFD_WP = 1L << 2;
    public static final long SOFT_DIRTY = 1L << 1;

    /** Number of swap areas at most; types from here on are no swap slots. */
    public static final int MAX_SWAPFILES = 24;
    public static final int MARKER_UFFD_WP = 1;
    public static final int MARKER_POISONED = 2;
    public static final int MARKER_GUARD = 4;

    private static final int HWPOISON = 24;
    private static final int MIGRATION_READ = 25;
    private static final int MIGRATION_READ_EXCLUSIVE = 26;
    private static final int MIGRATION_WRITE = 27;
    private static final int PTE_MARKER = 31;

    private static final int TYPE_SHIFT = 59;
    private static final int OFFSET_SHIFT = 9;
    private static final long OFFSET_MASK = (1L << (TYPE_SHIFT - OFFSET_SHIFT)) - 1;
    private static final int PFN_BITS = 40;
    private static final long PFN_MASK = (1L << PFN_BITS) - 1;
    private static final long MIG_YOUNG = 1L << PFN_BITS;
    private static final long MIG_DIRTY = 1L << (PFN_BITS + 1);
    private static final long TYPE_MASK = ~(OFFSET_MASK << OFFSET_SHIFT) & -(1L << TYPE_SHIFT);

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

    /** True for an entry that is neither none nor present: is_swap_pte(). */
    public static boolean isSwap(long pte) {
        return pte != Pte.NONE && !Pte.isPresent(pte);
    }

    /** True for a non-present entry that names a swap slot: the opposite of non_swap_entry(). */
    public static boolean isSlot(long entry) {
        return isSwap(entry) && type(entry) < MAX_SWAPFILES;
    }

    /** The entry without its software bits: what the swap cache and folio->swap know. */
    public static long plain(long entry) {
        return entry & ~(EXCLUSIVE | UFFD_WP | SOFT_DIRTY);
    }

    public static boolean isExclusive(long entry) {
        return (entry & EXCLUSIVE) != 0;
    }

    public static long clearExclusive(long entry) {
        return entry & ~EXCLUSIVE;
    }

    // ---------------------------------------------------------------- migration

    /** The entry of a page that is moved; {@code writable} implies exclusive. */
    public static long makeMigration(long pfn, boolean writable, boolean exclusive, boolean young, boolean dirty) {
        int type = writable ? MIGRATION_WRITE : exclusive ? MIGRATION_READ_EXCLUSIVE : MIGRATION_READ;
        return make(type, pfn | (young ? MIG_YOUNG : 0) | (dirty ? MIG_DIRTY : 0));
    }

    public static boolean isMigration(long entry) {
        int type = type(entry);
        return isSwap(entry) && type >= MIGRATION_READ && type <= MIGRATION_WRITE;
    }

    public static boolean isWritableMigration(long entry) {
        return isSwap(entry) && type(entry) == MIGRATION_WRITE;
    }

    public static boolean isReadableMigration(long entry) {
        return isSwap(entry) && type(entry) == MIGRATION_READ;
    }

    public static boolean isMigrationYoung(long entry) {
        return (offset(entry) & MIG_YOUNG) != 0;
    }

    public static boolean isMigrationDirty(long entry) {
        return (offset(entry) & MIG_DIRTY) != 0;
    }

    /** The same entry without the right to write, and not exclusive: make_readable_migration_entry(). */
    public static long readableMigration(long entry) {
        return entry & ~TYPE_MASK | (long) MIGRATION_READ << TYPE_SHIFT;
    }

    /** The same entry without the right to write, still exclusive. */
    public static long readableExclusiveMigration(long entry) {
        return entry & ~TYPE_MASK | (long) MIGRATION_READ_EXCLUSIVE << TYPE_SHIFT;
    }

    /** The frame of a migration or hwpoison entry: swp_offset_pfn(). */
    public static long pfn(long entry) {
        return offset(entry) & PFN_MASK;
    }

    // ---------------------------------------------------------------- hwpoison and markers

    public static long makeHwpoison(long pfn) {
        return make(HWPOISON, pfn);
    }

    public static boolean isHwpoison(long entry) {
        return isSwap(entry) && type(entry) == HWPOISON;
    }

    public static long makeMarker(int marker) {
        return make(PTE_MARKER, marker);
    }

    public static boolean isMarker(long entry) {
        return isSwap(entry) && type(entry) == PTE_MARKER;
    }

    public static boolean isGuard(long entry) {
        return isMarker(entry) && (offset(entry) & MARKER_GUARD) != 0;
    }

    /** What fork leaves of an entry in both tables: not exclusive, not writable. */
    public static long shareable(long entry) {
        return isMigration(entry) ? readableMigration(entry) : clearExclusive(entry);
    }
}
