package dev.cowtable.mmu.tlb;

/** How long translations and paging-structure-cache entries live. */
public enum TlbPolicy {
    /** Sets and ways of a real CPU, with eviction. */
    REALISTIC,
    /** Nothing is ever evicted: each translation stays until it is invalidated. */
    ADVERSARIAL,
    /** Nothing is cached: each access walks. */
    NONE
}
