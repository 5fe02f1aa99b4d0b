package dev.cowtable.mmu.walk;

import dev.cowtable.mmu.tlb.Tlb;

/** What one CPU's paging unit has done so far; touched only by the thread that drives the CPU. */
public final class PagingCounters {
    private final Tlb tlb;
    long slowHits;
    long misses;
    long rewalks;
    long walks;
    long walkRestarts;
    long flagUpdates;
    long structureHits;
    long pageFaults;
    long flushes;
    long invlpgs;

    PagingCounters(Tlb tlb) {
        this.tlb = tlb;
    }

    /** Translations that the TLB served. */
    public long tlbHits() {
        return tlb.front().hits() + slowHits;
    }

    /** Translations of addresses for which the TLB held nothing. */
    public long tlbMisses() {
        return misses;
    }

    /** Walks made although the TLB held the page: its rights forbade the access, or a write met D=0. */
    public long rewalks() {
        return rewalks;
    }

    /** Walks, those of prefetches too. */
    public long walks() {
        return walks;
    }

    /** Walks begun again because an entry changed before its A or D was set. */
    public long walkRestarts() {
        return walkRestarts;
    }

    /** Compare-and-exchanges made to set A or D. */
    public long flagUpdates() {
        return flagUpdates;
    }

    /** Walks that began at a paging-structure-cache entry. */
    public long structureHits() {
        return structureHits;
    }

    public long pageFaults() {
        return pageFaults;
    }

    /** Flushes of a PCID, of all non-global or of all entries, by whatever instruction. */
    public long tlbFlushes() {
        return flushes;
    }

    /** INVLPGs of canonical addresses. */
    public long invlpgs() {
        return invlpgs;
    }
}
