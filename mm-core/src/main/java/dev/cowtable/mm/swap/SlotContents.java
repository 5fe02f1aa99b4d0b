package dev.cowtable.mm.swap;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.mem.PhysicalMemory;
import org.jspecify.annotations.Nullable;

/**
 * What the slots of a cluster hold: one repeated word, or an array of 512; a page of zeros is remembered as a bit and never written.
 *
 * <p>Mirrors: the device behind a swap area, and si->zeromap.
 * <p>Locks: a slot's contents belong to the holder of its HAS_CACHE.
 */
final class SlotContents {
    private static final int WORDS = Paging.ENTRIES;

    private final long[] fill;
    private final long[] @Nullable [] words;
    private final boolean[] zeroFilled;

    SlotContents(int slots) {
        fill = new long[slots];
        words = new long[slots][];
        zeroFilled = new boolean[slots];
    }

    /** Remembers the frame's contents; true if it is full of zeros, and nothing was written. */
    boolean store(Cpu cpu, int slot, long pfn) {
        cpu.memory().fence();
        PhysicalMemory memory = cpu.memory().physical();
        long first = memory.read(Paging.paddr(pfn));
        boolean uniform = memory.isUniform(pfn) || holdsOnly(memory, pfn, first);
        fill[slot] = first;
        words[slot] = uniform ? null : copyOf(memory, pfn);
        zeroFilled[slot] = uniform && first == 0;
        return zeroFilled[slot];
    }

    private static boolean holdsOnly(PhysicalMemory memory, long pfn, long word) {
        for (int i = WORDS - 1; i > 0; i--) {
            if (memory.read(Paging.paddr(pfn) + i * 8L) != word) {
                return false;
            }
        }
        return true;
    }

    private static long[] copyOf(PhysicalMemory memory, long pfn) {
        long[] copy = new long[WORDS];
        for (int i = 0; i < WORDS; i++) {
            copy[i] = memory.read(Paging.paddr(pfn) + i * 8L);
        }
        return copy;
    }

    /** Makes the slot hold one repeated word. */
    void set(int slot, long word) {
        fill[slot] = word;
        words[slot] = null;
        zeroFilled[slot] = word == 0;
    }

    /** Fills a frame that the caller owns alone with what the slot holds. */
    void load(Cpu cpu, int slot, long pfn) {
        cpu.memory().fillFrame(pfn, fill[slot]);
        long @Nullable [] copy = words[slot];
        if (copy != null) {
            PhysicalMemory memory = cpu.memory().physical();
            for (int i = 0; i < WORDS; i++) {
                memory.write(Paging.paddr(pfn) + i * 8L, copy[i]);
            }
        }
    }

    boolean isZeroFilled(int slot) {
        return zeroFilled[slot];
    }

    void drop(int slot) {
        set(slot, 0);
        zeroFilled[slot] = false;
    }
}
