package dev.cowtable.mmu.event;

/** What made a CPU drop translations or paging-structure-cache entries. */
public enum Invalidation {
    INVLPG,
    INVPCID_ADDRESS,
    INVPCID_CONTEXT,
    INVPCID_ALL,
    INVPCID_ALL_NON_GLOBAL,
    INVLPGB,
    MOV_TO_CR3,
    MOV_TO_CR4,
    WRITE_EFER,
    PAGE_FAULT,
    /** A pending shootdown, made up for when the CPU left lazy-TLB mode. */
    LAZY_TLB
}
