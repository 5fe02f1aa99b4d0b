package dev.cowtable.mmu.tlb;

import java.util.Arrays;

/**
 * An open-addressing table that grows and never evicts.
 *
 * <p>A slot is live when it carries the current generation, so forgetting everything is one increment.
 */
final class HashStore implements EntryStore {
    private static final int INITIAL_BITS = 6;
    private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

    private int bits = INITIAL_BITS;
    private long[] keys = new long[1 << INITIAL_BITS];
    private long[] translations = new long[1 << INITIAL_BITS];
    private int[] generations = new int[1 << INITIAL_BITS];
    private int generation = 1;
    private int live;
    /** Or of all translations put since the last {@link #clear}. */
    private long bitsSeen;

    @Override
    public long find(long key) {
        if (live == 0) {
            return 0;
        }
        int slot = slotFor(key);
        return keyAt(slot) == key ? translations[slot] : 0;
    }

    @Override
    public long put(long key, long translation) {
        int slot = slotFor(key);
        if (keyAt(slot) != key) {
            if (++live > 1 << (bits - 1)) {
                rebuild(bits + 1, 0);
                slot = slotFor(key);
            }
            keys[slot] = key;
            generations[slot] = generation;
        }
        translations[slot] = translation;
        bitsSeen |= translation;
        return 0;
    }

    /** Where the key is, or the free slot where it would go. */
    private int slotFor(long key) {
        int slot = home(key);
        while (isLive(slot) && keys[slot] != key) {
            slot = next(slot);
        }
        return slot;
    }

    private int home(long key) {
        return (int) ((key * MULTIPLIER) >>> (Long.SIZE - bits));
    }

    private int next(int slot) {
        return (slot + 1) & (keys.length - 1);
    }

    private boolean isLive(int slot) {
        return generations[slot] == generation;
    }

    /** Keeps the live pairs that have all bits of the mask, in new arrays. */
    private void rebuild(int newBits, long keptBits) {
        long[] oldKeys = keys;
        long[] oldTranslations = translations;
        int[] oldGenerations = generations;
        int oldGeneration = generation;
        bits = newBits;
        keys = new long[1 << newBits];
        translations = new long[1 << newBits];
        generations = new int[1 << newBits];
        generation = 1;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldGenerations[i] == oldGeneration && (oldTranslations[i] & keptBits) == keptBits) {
                int slot = slotFor(oldKeys[i]);
                keys[slot] = oldKeys[i];
                translations[slot] = oldTranslations[i];
                generations[slot] = 1;
            }
        }
    }

    @Override
    public boolean remove(long key) {
        int hole = slotFor(key);
        if (live == 0 || keyAt(hole) != key) {
            return false;
        }
        for (int slot = next(hole); isLive(slot); slot = next(slot)) {
            if (mayMove(slot, hole)) {
                keys[hole] = keys[slot];
                translations[hole] = translations[slot];
                hole = slot;
            }
        }
        generations[hole] = 0;
        live--;
        return true;
    }

    /** A probe that starts at the home of the slot's key passes the hole before the slot. */
    private boolean mayMove(int slot, int hole) {
        int mask = keys.length - 1;
        return ((slot - home(keys[slot])) & mask) >= ((slot - hole) & mask);
    }

    @Override
    public void clear() {
        if (generation == Integer.MAX_VALUE) {
            Arrays.fill(generations, 0);
            generation = 0;
        }
        generation++;
        live = 0;
        bitsSeen = 0;
    }

    @Override
    public void clearExcept(long keptBit) {
        if ((bitsSeen & keptBit) == 0) {
            clear();
            return;
        }
        rebuild(bits, keptBit);
        live = 0;
        for (int slot = 0; slot < keys.length; slot++) {
            live += isLive(slot) ? 1 : 0;
        }
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
