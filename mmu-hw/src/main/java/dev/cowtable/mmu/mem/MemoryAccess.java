package dev.cowtable.mmu.mem;

/**
 * The operations on aligned 8-byte words of physical memory that everything above uses.
 *
 * <p>Why: one narrow interface is the place where a scheduler watches and where a store buffer goes in. An address
 * out of range or not a multiple of 8 is an {@link IllegalArgumentException}.
 */
public interface MemoryAccess {
    /** A load with acquire order. */
    long read(long paddr);

    /** A store with release order. */
    void write(long paddr, long value);

    /** Stores the value if the word is the expected one; returns the word found; a full barrier either way. */
    long compareAndExchange(long paddr, long expected, long value);

    /** Returns the word before; full barrier. */
    long fetchAndOr(long paddr, long bits);

    /** Returns the word before; full barrier. */
    long fetchAndAnd(long paddr, long bits);

    /** Returns the word before; full barrier. */
    long exchange(long paddr, long value);

    void fence();
}
