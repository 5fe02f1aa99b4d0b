package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;

/** One thing that a CPU has cached, on the columns of the invalidation table. */
enum CachedThing {
    PAGE_4K(true, true, 1, false),
    PAGE_2M(true, true, 2, false),
    PAGE_1G(true, true, 3, false),
    ELSEWHERE(true, false, 1, false),
    FOREIGN(false, true, 1, false),
    FOREIGN_ELSEWHERE(false, false, 1, false),
    GLOBAL(true, true, 1, true),
    GLOBAL_FOREIGN(false, true, 1, true),
    GLOBAL_ELSEWHERE(true, false, 1, true),
    GLOBAL_FOREIGN_ELSEWHERE(false, false, 1, true),
    STEPS(true, true, 0, false),
    STEPS_ELSEWHERE(true, false, 0, false),
    STEPS_FOREIGN(false, true, 0, false),
    STEPS_FOREIGN_ELSEWHERE(false, false, 0, false);

    /** Filled under the PCID that is current when the invalidation comes. */
    final boolean own;
    /** At the address that the invalidation names. */
    final boolean atAddress;
    /** Of the page; 0 for paging-structure entries. */
    final int pageLevel;
    final boolean global;

    CachedThing(boolean own, boolean atAddress, int pageLevel, boolean global) {
        this.own = own;
        this.atAddress = atAddress;
        this.pageLevel = pageLevel;
        this.global = global;
    }

    long vaddr() {
        return atAddress ? InvalidationLab.ADDRESS : InvalidationLab.ELSEWHERE;
    }

    /** First byte of the page. */
    long page() {
        return vaddr() & -Paging.sizeBytes(pageLevel);
    }

    boolean isPage() {
        return pageLevel != 0;
    }
}
