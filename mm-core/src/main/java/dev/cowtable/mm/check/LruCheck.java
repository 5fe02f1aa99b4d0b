package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;

/** Compares the LRU lists with the flags of the pages on them. */
final class LruCheck {
    private final Kernel kernel;
    private final MemMap memMap;
    private final Violations violations;
    private final int[] seen;
    private int unevictable;

    LruCheck(Kernel kernel, Violations violations) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.violations = violations;
        this.seen = new int[Math.toIntExact(kernel.pageAllocator().freshPfn())];
    }

    /** Walks the lists. */
    void walk() {
        for (LruList list : LruList.values()) {
            if (list != LruList.UNEVICTABLE) {
                kernel.lru().scan().forEach(list, pfn -> visit(list, pfn));
            }
        }
    }

    private void visit(LruList list, long pfn) {
        int flags = memMap.flags(pfn);
        seen[(int) pfn]++;
        if ((flags & PageFlags.LRU) == 0 || (flags & PageFlags.UNEVICTABLE) != 0 || listOf(flags) != list) {
            violations.add("LR frame " + pfn + " is on the list " + list + " and its flags say otherwise");
        }
        if (memMap.pageRefCount(pfn) == 0) {
            violations.add("LR the free frame " + pfn + " is on the list " + list);
        }
    }

    private static LruList listOf(int flags) {
        LruList inactive = (flags & PageFlags.SWAPBACKED) != 0 ? LruList.INACTIVE_ANON : LruList.INACTIVE_FILE;
        return (flags & PageFlags.ACTIVE) != 0 ? inactive.active() : inactive;
    }

    /** Checks a page of any kind but a table. */
    void checkPage(long pfn) {
        int flags = memMap.flags(pfn);
        boolean evictable = (flags & (PageFlags.LRU | PageFlags.UNEVICTABLE)) == PageFlags.LRU;
        if (seen[(int) pfn] != (evictable ? 1 : 0)) {
            violations.add("LR frame " + pfn + " is on " + seen[(int) pfn] + " LRU lists"
                    + (evictable ? "" : " and should be on none"));
        }
        unevictable += (flags & (PageFlags.LRU | PageFlags.UNEVICTABLE)) == (PageFlags.LRU | PageFlags.UNEVICTABLE)
                ? 1 : 0;
    }

    void finish() {
        violations.require(unevictable == kernel.lru().scan().count(LruList.UNEVICTABLE), "LR " + unevictable
                + " pages are unevictable and " + kernel.lru().scan().count(LruList.UNEVICTABLE) + " are counted");
    }
}
