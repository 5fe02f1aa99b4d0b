package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;

/**
 * The result of a walk down to some level, as the caches hold it: an address and the rights of the whole path.
 *
 * <pre>
 *  63 62..59 58..55 54..52 51                       12 11..9   8   7   6   5   4   3   2   1   0
 * +--+------+------+------+---------------------------+-------+---+---+---+---+---+---+---+---+---+
 * |0 | key  |  0   | PAT  | frame or next table 51..12| level | G | 0 | D | 0 | 0 | X | U | W | 1 |
 * +--+------+------+------+---------------------------+-------+---+---+---+---+---+---+---+---+---+
 *  level: of the entry that the walk reached; one above the top for the root. key, PAT, G and D: of a leaf only.
 * </pre>
 *
 * <p>Invariant: never negative and never 0, so faults and "nothing cached" have values of their own.
 */
public final class Translation {
    public static final long WRITABLE = Entry.RW;
    public static final long USER = Entry.US;
    public static final long EXECUTABLE = 1L << 3;
    public static final long DIRTY = Entry.D;
    public static final long GLOBAL = Entry.G;
    public static final long RIGHTS = WRITABLE | USER | EXECUTABLE;

    private static final long VALID = 1L;
    private static final int LEVEL_SHIFT = 9;
    private static final int PAT_SHIFT = 52;
    private static final int XD_TO_X = 60;

    private Translation() {
    }

    /** The state before the first entry is read: the root table with all rights. */
    public static long root(long tablePaddr, int levels) {
        return VALID | RIGHTS | Entry.paddr(tablePaddr) | levelBits(levels + 1);
    }

    /** One step down through an entry that points to a table. */
    public static long table(long above, long entry, int level) {
        return VALID | rights(above, entry) | Entry.paddr(entry) | levelBits(level);
    }

    /** The last step, through an entry that maps a page of the level's size. */
    public static long leaf(long above, long entry, int level) {
        long frame = Entry.paddr(entry) & -Paging.sizeBytes(level);
        return VALID | rights(above, entry) | (entry & (DIRTY | GLOBAL | Entry.KEY_MASK)) | frame | levelBits(level)
                | (patIndex(entry, level) << PAT_SHIFT);
    }

    /** The rights of a path so far, in {@link #RIGHTS}, after one more entry. */
    public static long rights(long above, long entry) {
        return above & ((entry & (WRITABLE | USER)) | ((~entry >>> XD_TO_X) & EXECUTABLE));
    }

    private static long patIndex(long entry, int level) {
        long pat = level == 1 ? entry & Entry.PAT : (entry & Entry.LARGE_PAT) >>> 5;
        return (pat >>> 5) | ((entry & (Entry.PCD | Entry.PWT)) >>> 3);
    }

    private static long levelBits(int level) {
        return (long) level << LEVEL_SHIFT;
    }

    public static int level(long translation) {
        return (int) (translation >>> LEVEL_SHIFT) & 7;
    }

    /** Protection key of a leaf, 0 to 15. */
    public static int key(long translation) {
        return (int) (translation >>> Entry.KEY_SHIFT);
    }

    /** Which field of IA32_PAT gives the page's memory type, 0 to 7 (SDM 4.9.2). */
    public static int patIndex(long translation) {
        return (int) (translation >>> PAT_SHIFT) & 7;
    }

    /** Of the frame or of the next table. */
    public static long paddr(long translation) {
        return translation & Entry.ADDRESS_MASK;
    }

    /** The physical address that a leaf translation gives to a linear one. */
    public static long paddr(long translation, long vaddr) {
        return paddr(translation) | (vaddr & (Paging.sizeBytes(level(translation)) - 1));
    }
}
