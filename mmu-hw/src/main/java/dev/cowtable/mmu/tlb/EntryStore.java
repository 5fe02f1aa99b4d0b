package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;

/**
 * Pairs of a key, which is a page and a PCID, and a {@link Translation}; key 0 and translation 0 mean "none".
 *
 * <pre>
 *  63..58 57                        13 12     1   0
 * +------+----------------------------+--------+---+
 * |  0   | linear address / page size |  PCID  | 1 |
 * +------+----------------------------+--------+---+
 * </pre>
 *
 * <p>A pair answers for its own PCID; a pair whose translation is global answers for every PCID.
 *
 * <p>Slots number what is stored, for enumeration: {@code keyAt} of a dead slot is 0.
 */
sealed interface EntryStore permits SetAssociativeStore, HashStore {
    /** Instead of a PCID: all of them. */
    int ANY_PCID = -1;

    /** Stands in an array for "no key": its page is none. */
    long DEAD = -1;

    int PAGE_SHIFT = 13;
    int PCID_MASK = 0xfff;

    long find(long key);

    /** Adds, or replaces what {@link #find} would find; returns the key that had to go, or 0. */
    long put(long key, long translation);

    /** As {@link #put}, of a key for which {@link #find} finds nothing. */
    long add(long key, long translation);

    /** Drops the page of the key's PCID, or of every PCID; a global translation, of whatever PCID, only if told so. */
    boolean remove(long key, boolean everyPcid, boolean globals);

    /** Drops what was filled under the PCID, or everything; global translations only if told so. */
    void clear(int pcid, boolean globals);

    int slots();

    long keyAt(int slot);

    long translationAt(int slot);

    static long key(long vaddr, int level, int pcid) {
        int unused = Paging.unusedHighBits(Paging.MAX_LEVEL);
        long page = (vaddr << unused) >>> (unused + Paging.shift(level));
        return (page << PAGE_SHIFT) | (long) (pcid << 1) | 1;
    }

    static long vaddr(long key, int level) {
        int unused = Paging.unusedHighBits(Paging.MAX_LEVEL);
        return ((key >>> PAGE_SHIFT) << (unused + Paging.shift(level))) >> unused;
    }

    static int pcid(long key) {
        return (int) (key >>> 1) & PCID_MASK;
    }

    /** The pair answers a look-up of the wanted key. */
    static boolean answers(long key, long translation, long wanted) {
        long difference = key ^ wanted;
        return difference == 0 || ((difference >>> PAGE_SHIFT) == 0 && (translation & Translation.GLOBAL) != 0);
    }

    /** The pair goes when the wanted page is removed. */
    static boolean isRemoved(long key, long translation, long wanted, boolean everyPcid, boolean globals) {
        long difference = key ^ wanted;
        if ((difference >>> PAGE_SHIFT) != 0) {
            return false;
        }
        return (translation & Translation.GLOBAL) != 0 ? globals : everyPcid || difference == 0;
    }

    /** The pair stays when a PCID is cleared. */
    static boolean survives(long key, long translation, int pcid, boolean globals) {
        return (translation & Translation.GLOBAL) != 0 ? !globals : pcid != ANY_PCID && pcid(key) != pcid;
    }
}
