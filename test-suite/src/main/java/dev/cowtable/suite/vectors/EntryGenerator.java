package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;

/** Draws the entries of a path, all bits but addresses. */
final class EntryGenerator {
    private static final int KEY_SHIFT = 59;
    private static final int KEYS = 16;
    /** Bits 9-11 and 52-58, and 59-62 of what is no leaf. */
    private static final long IGNORED = 0x7f0_0000_0000_0e00L;
    private static final long KEY = 0xfL << KEY_SHIFT;

    private final CpuModel model;
    private final int topLevel;
    private final VectorRandom random;
    /** How many reserved bits were set so far; index: level, of what is no leaf 5 more. */
    private final int[] turns = new int[2 * VectorInput.LEVELS + 1];
    private int leafLevel;

    EntryGenerator(CpuModel model, VectorRandom random) {
        this.model = model;
        this.random = random;
        topLevel = VectorInput.topLevel(model);
    }

    /**
     * What a path should be like; chance decides otherwise now and then.
     *
     * @param leafLevel 1, 2 or 3
     */
    record Wish(int leafLevel, boolean nxe, boolean user, boolean writable, boolean keyed) {
    }

    /** Index: level. */
    long[] path(Wish wish) {
        leafLevel = wish.leafLevel();
        long[] path = new long[VectorInput.LEVELS + 1];
        boolean executable = random.likely(wish.nxe() ? 11 : 14);
        for (int level = topLevel; level >= leafLevel; level--) {
            path[level] = Entry.P | rights(wish, executable) | random.maybe(Entry.A) | shape(level) | noise(level);
        }
        path[leafLevel] |= wish.keyed() && !random.oneIn(4) ? (long) random.below(KEYS) << KEY_SHIFT : 0;
        if (random.likely(2)) {
            addReservedBits(path, wish.nxe());
        }
        if (random.oneIn(8)) {
            unmap(path);
        }
        return path;
    }

    /** Of the leaf last drawn. */
    int key(long[] path) {
        return (int) (path[leafLevel] >>> KEY_SHIFT) & KEYS - 1;
    }

    /** Why: one entry without a right is enough to refuse it, so a path without it has it at some levels only. */
    private long rights(Wish wish, boolean executable) {
        long bits = wish.user() || random.coin() ? Entry.US : 0;
        bits |= wish.writable() || random.coin() ? Entry.RW : 0;
        bits ^= random.oneIn(64) ? Entry.US : 0;
        bits ^= random.oneIn(64) ? Entry.RW : 0;
        return executable || random.likely(11) ? bits : bits | Entry.XD;
    }

    /** The bits that make the entry a leaf or not, and those that only a leaf has. */
    private long shape(int level) {
        if (level > leafLevel) {
            return 0;
        }
        long bits = random.maybe(Entry.D) | (random.oneIn(4) ? Entry.G : 0);
        return level > 1 ? bits | Entry.PS | (random.oneIn(8) ? Entry.LARGE_PAT : 0)
                : bits | (random.oneIn(8) ? Entry.PAT : 0);
    }

    /** Bits that change no outcome, in few entries only. */
    private long noise(int level) {
        if (!random.oneIn(8)) {
            return 0;
        }
        long bits = IGNORED | Entry.PWT | Entry.PCD;
        if (level > leafLevel) {
            bits |= KEY | Entry.D;
            bits |= level >= 4 && model.vendor() == Vendor.AMD ? 0 : Entry.G;
        }
        return random.next() & bits;
    }

    private void addReservedBits(long[] path, boolean nxe) {
        int level = random.coin() ? leafLevel : leafLevel + random.below(topLevel - leafLevel + 1);
        long candidates = reservedBits(level, nxe);
        if (candidates == 0) {
            return;
        }
        path[level] |= nextOf(candidates, level);
        if (random.oneIn(4)) {
            path[level] |= random.next() & candidates;
        }
    }

    /** All bits that are reserved in an entry of the path. */
    private long reservedBits(int level, boolean nxe) {
        long bits = Entry.ADDRESS_MASK & -(1L << model.maxPhyAddr());
        bits |= nxe ? 0 : Entry.XD;
        if (level >= 4) {
            return bits | Entry.PS | (model.vendor() == Vendor.AMD ? Entry.G : 0);
        }
        return level == leafLevel && level > 1 ? bits | lowReservedBits(level) : bits;
    }

    /** Of a large leaf: above its PAT bit, below its address. */
    private static long lowReservedBits(int level) {
        return (1L << 12 + 9 * (level - 1)) - (Entry.LARGE_PAT << 1);
    }

    /** Why: taken in turn, so that a few thousand paths meet each of them. */
    private long nextOf(long bits, int level) {
        int turn = turns[level == leafLevel ? level : VectorInput.LEVELS + level]++;
        long left = bits;
        for (int skip = turn % Long.bitCount(bits); skip > 0; skip--) {
            left &= left - 1;
        }
        return Long.lowestOneBit(left);
    }

    /** Clears P at one level; the other bits are software's, also those that would be reserved. */
    private void unmap(long[] path) {
        int level = leafLevel + random.below(topLevel - leafLevel + 1);
        long garbage = Entry.ADDRESS_MASK & (1L << model.maxPhyAddr()) - 1;
        path[level] = switch (random.below(4)) {
            case 0 -> 0;
            case 1 -> random.next() & ~garbage & ~Entry.P;
            default -> path[level] & ~Entry.P;
        };
    }
}
