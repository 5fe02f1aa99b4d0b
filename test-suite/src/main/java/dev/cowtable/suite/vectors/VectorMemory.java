package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;

/**
 * Physical memory that holds the slots of one vector's entries and nothing else.
 *
 * <p>Reading any other word is an {@link IllegalStateException}. Which levels were read is kept.
 */
final class VectorMemory implements MemoryAccess {
    private final long[] slots = new long[VectorInput.LEVELS + 1];
    private final long[] words = new long[VectorInput.LEVELS + 1];
    private long root;
    private int top;
    private int lowestPlaced;
    private int lowestRead;

    /**
     * Puts each entry where the one above it points, as far as a walk may come; the root lies where none points.
     *
     * @return 0, or the level of an entry that falls on the slot of another one with different contents
     */
    int place(VectorInput input, CpuModel model) {
        top = VectorInput.topLevel(model);
        lowestPlaced = top + 1;
        lowestRead = top + 1;
        root = freeRoot(input);
        long table = root;
        boolean reachable = Paging.isCanonical(input.va(), top);
        for (int level = top; level >= 1; level--) {
            long entry = input.entry(level);
            long slot = table + Paging.ENTRY_BYTES * (long) Paging.index(input.va(), level);
            if (collides(slot, entry)) {
                return reachable ? level : 0;
            }
            slots[level] = slot;
            words[level] = entry;
            lowestPlaced = level;
            if (!Entry.isPresent(entry) || level > 1 && Entry.isPageSize(entry)) {
                return 0;
            }
            reachable &= (entry & reservedBits(input, model, level)) == 0;
            table = Entry.paddr(entry);
        }
        return 0;
    }

    /** Physical address of the top table. */
    long root() {
        return root;
    }

    /** The lowest level that a walk has read, one above the top if none. */
    int lowestRead() {
        return lowestRead;
    }

    /** The entries from a level up as they stand; index: level. */
    long[] entries(int lowestLevel) {
        long[] entries = new long[VectorInput.LEVELS + 1];
        for (int level = lowestLevel; level <= top; level++) {
            entries[level] = words[level];
        }
        return entries;
    }

    void forgetReads() {
        lowestRead = top + 1;
    }

    /** Why: one of five pages is not among the four that entries above level 1 can point at. */
    private long freeRoot(VectorInput input) {
        long page = 1;
        for (int level = 2; level <= top; level++) {
            if (Entry.pfn(input.entry(level)) == page) {
                page++;
                level = 1;
            }
        }
        return Paging.paddr(page);
    }

    private boolean collides(long slot, long entry) {
        for (int level = lowestPlaced; level <= top; level++) {
            if (slots[level] == slot && words[level] != entry) {
                return true;
            }
        }
        return false;
    }

    /** Of an entry that points at a table, but for bit 7. */
    private static long reservedBits(VectorInput input, CpuModel model, int level) {
        long bits = Entry.ADDRESS_MASK & -(1L << model.maxPhyAddr());
        bits |= input.nxe() ? 0 : Entry.XD;
        return level >= 4 && model.vendor() == Vendor.AMD ? bits | Entry.G : bits;
    }

    @Override
    public long read(long paddr) {
        if (lowestRead > lowestPlaced && slots[lowestRead - 1] == paddr) {
            lowestRead--;
        }
        return words[levelOf(paddr)];
    }

    @Override
    public void write(long paddr, long value) {
        exchange(paddr, value);
    }

    @Override
    public long compareAndExchange(long paddr, long expected, long value) {
        long found = words[levelOf(paddr)];
        return found == expected ? exchange(paddr, value) : found;
    }

    @Override
    public long fetchAndOr(long paddr, long bits) {
        return exchange(paddr, words[levelOf(paddr)] | bits);
    }

    @Override
    public long fetchAndAnd(long paddr, long bits) {
        return exchange(paddr, words[levelOf(paddr)] & bits);
    }

    @Override
    public long exchange(long paddr, long value) {
        long found = words[levelOf(paddr)];
        for (int level = lowestPlaced; level <= top; level++) {
            words[level] = slots[level] == paddr ? value : words[level];
        }
        return found;
    }

    @Override
    public void fence() {
        // One CPU, one word after the other.
    }

    private int levelOf(long paddr) {
        for (int level = lowestPlaced; level <= top; level++) {
            if (slots[level] == paddr) {
                return level;
            }
        }
        throw new IllegalStateException("the walk left the vector's path at " + Long.toHexString(paddr));
    }
}
