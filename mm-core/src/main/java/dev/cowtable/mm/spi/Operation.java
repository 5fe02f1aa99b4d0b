package dev.cowtable.mm.spi;

/** What a design may refuse to do with what it shares: {@link ForkStrategy#refusal}. */
public enum Operation {
    FORK,
    MPROTECT,
    MREMAP,
    /** MADV_DONTNEED, MADV_DONTNEED_LOCKED. */
    DISCARD,
    /** MADV_FREE, MADV_COLD, MADV_PAGEOUT: what reclaim goes by is changed in entries. */
    AGE,
    /** MADV_GUARD_INSTALL, MADV_GUARD_REMOVE. */
    GUARD,
    /** The bits that tell written pages are cleared. */
    SOFT_DIRTY,
    /** A page is looked up for somebody to read it while he holds a reference. */
    GET,
    /** A page is looked up for somebody to write to it, or to keep: FOLL_WRITE, FOLL_PIN. */
    PIN,
    /** Pages are taken away from whoever maps them: reclaim, migration, a broken frame. There is no mm, and the range means nothing. */
    RMAP
}
