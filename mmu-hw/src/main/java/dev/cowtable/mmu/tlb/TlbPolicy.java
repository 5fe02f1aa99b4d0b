package dev.cowtable.mmu.tlb;

/** How long translations and paging-structure-cache entries live, and how much of what the manual allows is done. */
public enum TlbPolicy {
    /** Sets and ways of a real CPU, with eviction. */
    REALISTIC,
    /**
     * Nothing is ever evicted: each translation stays until it is invalidated. A walk also caches the neighbours whose entries it got
     * with the same cache line, if they have A set; and on an Intel CPU a cached translation that forbids the access faults at once,
     * spuriously if memory has been relaxed since.
     */
    ADVERSARIAL,
    /** Nothing is cached: each access walks. */
    NONE
}
