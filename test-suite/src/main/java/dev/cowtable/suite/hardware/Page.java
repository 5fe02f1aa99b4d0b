package dev.cowtable.suite.hardware;

import dev.cowtable.mmu.addr.Paging;

/**
 * A user page of a test.
 *
 * @param entryPaddr where its leaf entry is
 * @param entry the leaf entry when the test begins
 */
public record Page(long vaddr, long entryPaddr, long entry) {
    /** The same page with another frame: the entry's flags stay. */
    public long entryFor(long framePaddr) {
        return (entry & Paging.OFFSET_MASK) | framePaddr;
    }
}
