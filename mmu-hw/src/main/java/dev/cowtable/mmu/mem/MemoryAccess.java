package dev.cowtable.mmu.mem;

/**
 * The operations on aligned 8-byte words of physical memory that everything above uses.
 *
 * <p>Why: one narrow interface is the place where a scheduler watches and where a store buffer goes in. An address
 * out of range or not a multiple of 8 is an {@link IllegalArgumentException}.
 */
public interface MemoryAccess extends WalkMemory {
    /** A store with release order. */
    void write(long paddr, long value);

    /** Returns the word before; full barrier. */
    long fetchAndOr(long paddr, long bits);

    /** Returns the word before; full barrier. */
    long fetchAndAnd(long paddr, long bits);

    /** Returns the word before; full barrier. */
    long exchange(long paddr, long value);

    void fence();
}
