package dev.cowtable.mm.swap;

/** What taking HAS_CACHE of a slot came to: the results of swapcache_prepare(). */
enum SwapPrepared {
    TAKEN,
    /** -EEXIST: somebody else has it. */
    BUSY,
    /** -ENOENT: nobody uses the slot. */
    UNUSED
}
