package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import java.util.Map;
import java.util.TreeMap;

/** Looks at the entries of pages that are being moved: the mover holds the page's lock, and an exclusive entry is the only one. */
final class MigrationCheck {
    private final MemMap memMap;
    private final Violations violations;
    /** By frame: entries, and those that are exclusive or writable. */
    private final Map<Long, int[]> entries = new TreeMap<>();

    MigrationCheck(Kernel kernel, Violations violations) {
        this.memMap = kernel.memMap();
        this.violations = violations;
    }

    void entry(long entry, int weight) {
        int[] counts = entries.computeIfAbsent(SwpEntry.pfn(entry), pfn -> new int[2]);
        counts[0] += weight;
        counts[1] += SwpEntry.isReadableMigration(entry) ? 0 : weight;
    }

    void finish() {
        entries.forEach((pfn, counts) -> {
            if (!memMap.testFlag(pfn, PageFlags.LOCKED)) {
                violations.add("LK frame " + pfn + " has migration entries and nobody has locked it");
            }
            if (memMap.testFlag(pfn, PageFlags.ANON) && counts[1] != 0 && counts[0] != 1) {
                violations.add("AE frame " + pfn + " has an exclusive migration entry among " + counts[0]);
            }
        });
    }

    boolean isMoving(long pfn) {
        return entries.containsKey(pfn);
    }
}
