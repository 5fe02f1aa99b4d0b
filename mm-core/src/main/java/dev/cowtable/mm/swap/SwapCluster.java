package dev.cowtable.mm.swap;

/** 4096 slots of an area, made with the first of them: what one page of swap_map covers. */
final class SwapCluster {
    static final int SHIFT = 12;
    static final int SLOTS = 1 << SHIFT;

    final int[] map = new int[SLOTS];
    /** Frame of the page in the swap cache plus 1. */
    final long[] cache = new long[SLOTS];
    final SlotContents contents = new SlotContents(SLOTS);
    /** Continuation pages of this page of swap_map. */
    int continuations;

    /** Index of a slot in its cluster. */
    static int at(long slot) {
        return (int) slot & SLOTS - 1;
    }
}
