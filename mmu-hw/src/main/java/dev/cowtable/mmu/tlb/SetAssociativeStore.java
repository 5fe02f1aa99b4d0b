package dev.cowtable.mmu.tlb;

import java.util.Arrays;

/** Sets and ways; a full set gives up the first way that was not used since the clock's hand last came by. */
final class SetAssociativeStore implements EntryStore {
    private final int sets;
    private final int ways;
    private final long[] keys;
    private final long[] translations;
    private final int[] usedWays;
    private final int[] hand;
    /** Or of all translations put since the store was last empty; 0: it is empty. */
    private long bitsSeen;

    SetAssociativeStore(int sets, int ways) {
        if (Integer.bitCount(sets) != 1 || ways < 1 || ways > Integer.SIZE) {
            throw new IllegalArgumentException(sets + " sets of " + ways + " ways");
        }
        this.sets = sets;
        this.ways = ways;
        this.keys = new long[sets * ways];
        this.translations = new long[sets * ways];
        this.usedWays = new int[sets];
        this.hand = new int[sets];
    }

    @Override
    public long find(long key) {
        if (bitsSeen == 0) {
            return 0;
        }
        int set = set(key);
        int slot = slotOf(set, key);
        if (slot < 0) {
            return 0;
        }
        usedWays[set] |= 1 << (slot - set * ways);
        return translations[slot];
    }

    @Override
    public long put(long key, long translation) {
        int set = set(key);
        int slot = slotOfOrFree(set, key);
        if (slot < 0) {
            slot = set * ways + victim(set);
        }
        long evicted = keys[slot] == key ? 0 : keys[slot];
        keys[slot] = key;
        translations[slot] = translation;
        usedWays[set] |= 1 << (slot - set * ways);
        bitsSeen |= translation;
        return evicted;
    }

    private int victim(int set) {
        int way = hand[set];
        while ((usedWays[set] & (1 << way)) != 0) {
            usedWays[set] &= ~(1 << way);
            way = next(way);
        }
        hand[set] = next(way);
        return way;
    }

    private int next(int way) {
        return way + 1 == ways ? 0 : way + 1;
    }

    private int set(long key) {
        return (int) (key >>> 1) & (sets - 1);
    }

    private int slotOf(int set, long key) {
        int first = set * ways;
        for (int slot = first; slot < first + ways; slot++) {
            if (keys[slot] == key) {
                return slot;
            }
        }
        return -1;
    }

    private int slotOfOrFree(int set, long key) {
        int first = set * ways;
        int free = -1;
        for (int slot = first; slot < first + ways; slot++) {
            if (keys[slot] == key) {
                return slot;
            }
            if (free < 0 && keys[slot] == 0) {
                free = slot;
            }
        }
        return free;
    }

    @Override
    public boolean remove(long key) {
        int slot = bitsSeen == 0 ? -1 : slotOf(set(key), key);
        if (slot < 0) {
            return false;
        }
        keys[slot] = 0;
        return true;
    }

    @Override
    public void clear() {
        if (bitsSeen != 0) {
            Arrays.fill(keys, 0);
            bitsSeen = 0;
        }
    }

    @Override
    public void clearExcept(long keptBit) {
        if ((bitsSeen & keptBit) == 0) {
            clear();
            return;
        }
        for (int slot = 0; slot < keys.length; slot++) {
            if ((translations[slot] & keptBit) == 0) {
                keys[slot] = 0;
            }
        }
    }

    @Override
    public int slots() {
        return keys.length;
    }

    @Override
    public long keyAt(int slot) {
        return keys[slot];
    }

    @Override
    public long translationAt(int slot) {
        return translations[slot];
    }
}
