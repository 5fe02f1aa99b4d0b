package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lru.LruReferences;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;

/**
 * Compares the counts of a large folio with what the tables and the holders of references explain.
 *
 * <p>Pages that nobody maps are no leak as long as the folio is in use: it is not split.
 */
final class FolioCheck {
    private final MemMap memMap;
    private final LruReferences lruReferences;
    private final LruCheck lruCheck;
    private final TableScan scan;
    private final Violations violations;

    FolioCheck(Kernel kernel, TableScan scan, LruReferences lruReferences, LruCheck lruCheck, Violations violations) {
        this.memMap = kernel.memMap();
        this.lruReferences = lruReferences;
        this.lruCheck = lruCheck;
        this.scan = scan;
        this.violations = violations;
    }

    void check(long head, HeldReferences held) {
        LargeFolio folio = memMap.largeFolio(head);
        long end = head + (1L << folio.order());
        int mappings = 0;
        int pins = 0;
        int references = 0;
        for (long pfn = head; pfn < end; pfn++) {
            mappings += checkPage(pfn, folio);
            int heldHere = held.on(pfn);
            pins += heldHere / MemMap.PIN_BIAS;
            references += heldHere % MemMap.PIN_BIAS + lruReferences.on(pfn);
        }
        if (folio.mapcount() != mappings) {
            violations.add("I1 the folio of frame " + head + " has a large mapcount of " + folio.mapcount()
                    + " and its pages are mapped " + mappings + " times");
        }
        if (folio.pins() != pins) {
            violations.add("I1 the folio of frame " + head + " counts " + folio.pins() + " pins and has " + pins);
        }
        int refcount = memMap.pageRefCount(head);
        if (refcount != mappings + references + pins || refcount == 0) {
            violations.add("I1 the folio of frame " + head + " has refcount " + refcount + ", of which " + mappings
                    + " mappings, " + pins + " pins and " + references + " other references are known");
        }
    }

    /** How often the page is mapped. */
    private int checkPage(long pfn, LargeFolio folio) {
        int mapped = scan.expectedMapcount(pfn);
        if (memMap.mapcount(pfn) != mapped) {
            violations.add("I1 frame " + pfn + " has mapcount " + memMap.mapcount(pfn) + " and is mapped " + mapped
                    + " times");
        }
        int flags = memMap.flags(pfn);
        if ((flags & PageFlags.ANON_EXCLUSIVE) != 0 && mapped > 1) {
            violations.add("AE the exclusive frame " + pfn + " is mapped " + mapped + " times");
        }
        if (memMap.folioHead(pfn) != folio.headPfn() || memMap.folioOrder(pfn) != folio.order()) {
            violations.add(
                    "I1 frame " + pfn + " does not name the folio of frame " + folio.headPfn() + ", in which it lies");
        }
        if ((flags & PageFlags.LOCKED) != 0) {
            violations.add("LK frame " + pfn + " is locked at rest");
        }
        lruCheck.checkPage(pfn);
        return mapped;
    }
}
