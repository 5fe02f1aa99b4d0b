package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;

/**
 * Pairs of a key and a {@link Translation}; key 0 and translation 0 mean "none".
 *
 * <p>Slots number what is stored, for enumeration: {@code keyAt} of a dead slot is 0.
 */
sealed interface EntryStore permits SetAssociativeStore, HashStore {
    long find(long key);

    /** Adds or replaces; returns the key that had to go, or 0. */
    long put(long key, long translation);

    /** True if the key was there. */
    boolean remove(long key);

    void clear();

    /** Removes everything that lacks the bit. */
    void clearExcept(long keptBit);

    int slots();

    long keyAt(int slot);

    long translationAt(int slot);

    static long key(long vaddr, int level) {
        return ((vaddr >>> Paging.shift(level)) << 1) | 1;
    }

    static long vaddr(long key, int level) {
        return (key >>> 1) << Paging.shift(level);
    }
}
