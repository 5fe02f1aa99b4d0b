package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.mem.PhysicalMemory;

/**
 * Stores that a CPU has made and memory has not seen: first in, first out, and read by their own CPU alone (TSO, SDM volume 3, 8.2).
 *
 * <p>The page walk does not look here.
 */
final class StoreBuffer {
    private final PhysicalMemory memory;
    private final long[] paddrs;
    private final long[] masks;
    private final long[] bits;
    private int oldest;
    private int size;

    StoreBuffer(PhysicalMemory memory, int depth) {
        this.memory = memory;
        this.paddrs = new long[depth];
        this.masks = new long[depth];
        this.bits = new long[depth];
    }

    int size() {
        return size;
    }

    /** The word as the CPU sees it. */
    long read(long paddr) {
        long word = memory.read(paddr);
        for (int i = 0; i < size; i++) {
            int slot = slot(i);
            if (paddrs[slot] == paddr) {
                word = (word & ~masks[slot]) | bits[slot];
            }
        }
        return word;
    }

    /** A full buffer gives up its oldest store first. */
    void write(long paddr, long mask, long value) {
        if (size == paddrs.length) {
            drainOne();
        }
        int slot = slot(size++);
        paddrs[slot] = paddr;
        masks[slot] = mask;
        bits[slot] = value & mask;
    }

    /** The oldest store reaches memory; false if there is none. */
    boolean drainOne() {
        if (size == 0) {
            return false;
        }
        if (masks[oldest] == -1) {
            memory.write(paddrs[oldest], bits[oldest]);
        } else {
            memory.writeBits(paddrs[oldest], masks[oldest], bits[oldest]);
        }
        oldest = slot(1);
        size--;
        return true;
    }

    void drain() {
        boolean more = true;
        while (more) {
            more = drainOne();
        }
    }

    private int slot(int position) {
        return (oldest + position) % paddrs.length;
    }
}
