package dev.cowtable.mmu.mem;

/** What a page walk needs of memory: aligned 8-byte words to read, and to change if they are still what was read. */
public interface WalkMemory {
    /** A load with acquire order. */
    long read(long paddr);

    /** A load from a cache line that the same walk has just read, and with it: no step of its own. */
    default long readSameLine(long paddr) {
        return read(paddr);
    }

    /** Stores the value if the word is the expected one; returns the word found; a full barrier either way. */
    long compareAndExchange(long paddr, long expected, long value);
}
