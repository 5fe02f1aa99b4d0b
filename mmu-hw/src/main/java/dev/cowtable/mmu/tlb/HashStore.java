package dev.cowtable.mmu.tlb;

import java.util.Arrays;

/**
 * An open-addressing table that grows and never evicts; pairs of one page under several PCIDs share a probe chain.
 *
 * <p>A slot is live when it carries the current generation, so forgetting everything is one increment.
 */
final class HashStore implements EntryStore {
    private static final int INITIAL_BITS = 6;
    /** A PCID that no key has: clearing it keeps everything. */
    private static final int NO_PCID = 1 << 12;
    private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

    private final Occupancy occupancy = new Occupancy();
    private int bits = INITIAL_BITS;
    private long[] keys = new long[1 << INITIAL_BITS];
    private long[] translations = new long[1 << INITIAL_BITS];
    private int[] generations = new int[1 << INITIAL_BITS];
    private int generation = 1;
    private int live;

    @Override
    public long find(long key) {
        if (live == 0) {
            return 0;
        }
        int slot = slotFor(key);
        return isLive(slot) ? translations[slot] : 0;
    }

    @Override
    public long put(long key, long translation) {
        int slot = slotFor(key);
        if (!isLive(slot) && ++live > 1 << (bits - 1)) {
            rebuild(bits + 1, NO_PCID, false);
            live++;
            slot = slotFor(key);
        }
        store(slot, key, translation);
        return 0;
    }

    @Override
    public long add(long key, long translation) {
        return put(key, translation);
    }

    private void store(int slot, long key, long translation) {
        keys[slot] = key;
        translations[slot] = translation;
        generations[slot] = generation;
        occupancy.add(key, translation);
    }

    /** Where a pair that answers for the key is, or the free slot where it would go. */
    private int slotFor(long key) {
        int slot = home(key);
        while (isLive(slot) && !EntryStore.answers(keys[slot], translations[slot], key)) {
            slot = next(slot);
        }
        return slot;
    }

    private int home(long key) {
        return (int) (((key >>> PAGE_SHIFT) * MULTIPLIER) >>> (Long.SIZE - bits));
    }

    private int next(int slot) {
        return (slot + 1) & (keys.length - 1);
    }

    private boolean isLive(int slot) {
        return generations[slot] == generation;
    }

    @Override
    public boolean remove(long key, boolean everyPcid, boolean globals) {
        boolean removed = false;
        int slot = home(key);
        while (isLive(slot)) {
            if (EntryStore.isRemoved(keys[slot], translations[slot], key, everyPcid, globals)) {
                fill(slot);
                live--;
                removed = true;
            } else {
                slot = next(slot);
            }
        }
        return removed;
    }

    /** Moves up, one after the other, the pairs that a hole would cut off from their home. */
    private void fill(int start) {
        int hole = start;
        for (int slot = next(hole); isLive(slot); slot = next(slot)) {
            if (mayMove(slot, hole)) {
                keys[hole] = keys[slot];
                translations[hole] = translations[slot];
                hole = slot;
            }
        }
        generations[hole] = 0;
    }

    /** A probe that starts at the home of the slot's key passes the hole before the slot. */
    private boolean mayMove(int slot, int hole) {
        int mask = keys.length - 1;
        return ((slot - home(keys[slot])) & mask) >= ((slot - hole) & mask);
    }

    @Override
    public void clear(int pcid, boolean globals) {
        if (live == 0) {
            return;
        }
        if (!occupancy.isCleared(pcid, globals)) {
            rebuild(bits, pcid, globals);
            return;
        }
        if (generation == Integer.MAX_VALUE) {
            Arrays.fill(generations, 0);
            generation = 0;
        }
        generation++;
        live = 0;
        occupancy.reset();
    }

    /** Puts what is to stay into new arrays. */
    private void rebuild(int newBits, int pcid, boolean globals) {
        long[] oldKeys = keys;
        long[] oldTranslations = translations;
        int[] oldGenerations = generations;
        int oldGeneration = generation;
        bits = newBits;
        keys = new long[1 << newBits];
        translations = new long[1 << newBits];
        generations = new int[1 << newBits];
        generation = 1;
        occupancy.reset();
        live = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldGenerations[i] == oldGeneration
                    && EntryStore.survives(oldKeys[i], oldTranslations[i], pcid, globals)) {
                store(freeSlotFor(oldKeys[i]), oldKeys[i], oldTranslations[i]);
                live++;
            }
        }
    }

    private int freeSlotFor(long key) {
        int slot = home(key);
        while (isLive(slot)) {
            slot = next(slot);
        }
        return slot;
    }

    @Override
    public int slots() {
        return keys.length;
    }

    @Override
    public long keyAt(int slot) {
        return isLive(slot) ? keys[slot] : 0;
    }

    @Override
    public long translationAt(int slot) {
        return translations[slot];
    }
}
