package dev.cowtable.mmu.tlb;

import java.util.Arrays;

/**
 * Sets and ways, replaced by bit-PLRU: a used way is marked, the lowest unmarked one gives way, and when all would be marked the others
 * are not.
 */
final class SetAssociativeStore implements EntryStore {
    private final int ways;
    private final int setMask;
    /** Key and translation side by side, the ways of a set in a row: one cache line for four ways. */
    private final long[] pairs;
    private final int[] usedWays;
    private final int allWays;
    private final Occupancy occupancy = new Occupancy();

    SetAssociativeStore(TlbGeometry.Size size) {
        this.ways = size.ways();
        this.setMask = size.sets() - 1;
        this.pairs = new long[2 * size.sets() * ways];
        this.usedWays = new int[size.sets()];
        this.allWays = (int) ((1L << ways) - 1);
        forgetAll();
    }

    private void forgetAll() {
        Arrays.fill(pairs, DEAD);
        Arrays.fill(usedWays, 0);
        occupancy.reset();
    }

    @Override
    public long find(long key) {
        int set = set(key);
        int way = wayOf(set, key);
        if (way < 0) {
            return 0;
        }
        markUsed(set, way);
        return translationAt(set * ways + way);
    }

    @Override
    public long put(long key, long translation) {
        int set = set(key);
        int way = wayOf(set, key);
        if (way < 0) {
            return add(key, translation);
        }
        store(set * ways + way, key, translation);
        return 0;
    }

    @Override
    public long add(long key, long translation) {
        int set = set(key);
        int free = Integer.numberOfTrailingZeros(~usedWays[set]);
        int way = free < ways ? free : 0;
        long evicted = keyAt(set * ways + way);
        store(set * ways + way, key, translation);
        markUsed(set, way);
        return evicted;
    }

    private void store(int slot, long key, long translation) {
        pairs[2 * slot] = key;
        pairs[2 * slot + 1] = translation;
        occupancy.add(key, translation);
    }

    private void markUsed(int set, int way) {
        int used = usedWays[set] | 1 << way;
        usedWays[set] = used == allWays ? 1 << way : used;
    }

    private int set(long key) {
        return (int) (key >>> PAGE_SHIFT) & setMask;
    }

    private int wayOf(int set, long key) {
        int first = 2 * set * ways;
        for (int way = 0; way < ways; way++) {
            long difference = pairs[first + 2 * way] ^ key;
            if (difference >>> PAGE_SHIFT == 0
                    && EntryStore.answers(difference ^ key, pairs[first + 2 * way + 1], key)) {
                return way;
            }
        }
        return -1;
    }

    @Override
    public boolean remove(long key, boolean everyPcid, boolean globals) {
        int set = set(key);
        if (occupancy.isEmpty()) {
            return false;
        }
        boolean removed = false;
        for (int way = 0; way < ways; way++) {
            int slot = set * ways + way;
            if (EntryStore.isRemoved(pairs[2 * slot], pairs[2 * slot + 1], key, everyPcid, globals)) {
                drop(slot);
                removed = true;
            }
        }
        return removed;
    }

    private void drop(int slot) {
        pairs[2 * slot] = DEAD;
        usedWays[slot / ways] &= ~(1 << (slot % ways));
    }

    @Override
    public void clear(int pcid, boolean globals) {
        if (occupancy.isEmpty()) {
            return;
        }
        if (occupancy.isCleared(pcid, globals)) {
            forgetAll();
            return;
        }
        for (int slot = 0; slot < slots(); slot++) {
            if (!EntryStore.survives(pairs[2 * slot], pairs[2 * slot + 1], pcid, globals)) {
                drop(slot);
            }
        }
    }

    @Override
    public int slots() {
        return pairs.length / 2;
    }

    @Override
    public long keyAt(int slot) {
        long key = pairs[2 * slot];
        return key == DEAD ? 0 : key;
    }

    @Override
    public long translationAt(int slot) {
        return pairs[2 * slot + 1];
    }
}
