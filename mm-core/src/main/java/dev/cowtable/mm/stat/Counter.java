package dev.cowtable.mm.stat;

/** What is counted; every value is deterministic for one schedule. */
public enum Counter {
    FORK,
    FORK_ENTRY_VISITED,
    /** Times that one or more present pages were counted for a child at once; more than one only for pages of one large folio. */
    FORK_BATCH,
    FORK_PAGE_COPY,
    TABLE_ALLOC,
    TABLE_FREE,
    TABLE_SHARED,
    TABLE_BROKEN,
    TABLE_REOWNED,
    TABLE_FALLBACK,
    TABLE_DETACHED,
    /** Entries of shared tables that were changed once for all sharers. */
    TABLE_EDITED,
    FAULT_MINOR,
    FAULT_MAJOR,
    FAULT_SPURIOUS,
    FAULT_SIGNAL,
    PAGE_ALLOC,
    PAGE_COPY,
    PAGE_REUSE,
    TLB_FLUSH,
    TLB_FLUSH_NEEDLESS,
    IPI,
    /** Atomic operations on counts and entries that fork and unmapping do. */
    ATOMIC,
    /** Pages written to a swap area, and read from one; pages of zeros are neither. */
    SWAP_OUT,
    SWAP_IN,
    PAGE_MIGRATED,
    GUP_FAST,
    GUP_SLOW,
    GUP_FAST_BACKOFF
}
