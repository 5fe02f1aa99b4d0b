package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.lru.LruReferences;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;

/** Compares the counts of every frame with what the tables and the holders of references explain. */
final class PageCheck {
    private final Kernel kernel;
    private final MemMap memMap;
    private final LruReferences lruReferences;
    private final LruCheck lruCheck;
    private final TableScan scan;
    private final FileCheck files;
    private final Violations violations;
    private final FolioCheck folioCheck;

    PageCheck(Kernel kernel, TableScan scan, FileCheck files, Violations violations) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.lruReferences = new LruReferences(kernel.lru());
        this.lruCheck = new LruCheck(kernel, violations);
        this.scan = scan;
        this.files = files;
        this.violations = violations;
        this.folioCheck = new FolioCheck(kernel, scan, lruReferences, lruCheck, violations);
    }

    void check(HeldReferences held) {
        long tables = 0;
        lruCheck.walk();
        long end = kernel.pageAllocator().freshPfn();
        for (long pfn = 0; pfn < end; pfn++) {
            if (!memMap.hasSection(pfn)) {
                pfn = MemMap.nextSection(pfn) - 1;
            } else if (memMap.testFlag(pfn, PageFlags.TABLE)) {
                tables++;
                if (scan.expectedMapcount(pfn) != 0) {
                    violations.add("I6 the table page " + pfn + " is mapped");
                }
            } else if (memMap.isLarge(pfn)) {
                folioCheck.check(pfn, held);
                pfn += (1L << memMap.folioOrder(pfn)) - 1;
            } else if (!memMap.testFlag(pfn, PageFlags.RESERVED)) {
                checkPage(pfn, held.on(pfn));
            }
        }
        lruCheck.finish();
        if (tables != scan.tablesFound()) {
            violations.add("I8 there are " + tables + " table pages and " + scan.tablesFound() + " are reached");
        }
    }

    /** References of LRU batches, of the swap cache, of the page cache, and the one that keeps a poisoned frame from being free. */
    private int kernelReferences(long pfn) {
        return lruReferences.on(pfn) + (memMap.testFlag(pfn, PageFlags.SWAPCACHE) ? 1 : 0)
                + (memMap.mapping(pfn) instanceof AddressSpace ? 1 : 0)
                + (memMap.testFlag(pfn, PageFlags.HWPOISON) ? 1 : 0);
    }

    private void checkPage(long pfn, int heldReferences) {
        int mapped = scan.expectedMapcount(pfn);
        int mapcount = memMap.mapcount(pfn);
        if (mapcount != mapped) {
            violations.add("I1 frame " + pfn + " has mapcount " + mapcount + " and is mapped " + mapped
                    + " times");
        }
        int refcount = memMap.pageRefCount(pfn);
        int kernelReferences = kernelReferences(pfn);
        if (refcount != mapped + kernelReferences + heldReferences) {
            violations.add("I1 frame " + pfn + " has refcount " + refcount + ", of which " + mapped + " mappings, "
                    + kernelReferences + " of the kernel's own and " + heldReferences + " held references are known");
        }
        boolean exclusive = memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
        if (exclusive && mapped > 1) {
            violations.add("AE the exclusive frame " + pfn + " is mapped " + mapped + " times");
        }
        if (mapped != 0 && memMap.testFlag(pfn, PageFlags.BUDDY)) {
            violations.add("I6 the free frame " + pfn + " is mapped");
        }
        if (memMap.testFlag(pfn, PageFlags.SWAPCACHE)) {
            scan.swapCheck().checkPage(pfn);
        }
        files.checkPage(pfn);
        lruCheck.checkPage(pfn);
        if (memMap.testFlag(pfn, PageFlags.LOCKED) && !scan.migrations().isMoving(pfn)) {
            violations.add("LK frame " + pfn + " is locked at rest");
        }
    }
}
