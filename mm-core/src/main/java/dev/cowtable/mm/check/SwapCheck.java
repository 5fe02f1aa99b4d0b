package dev.cowtable.mm.check;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.Swap;
import dev.cowtable.mm.swap.SwapInfo;
import org.jspecify.annotations.Nullable;

/**
 * Compares the use counts of swap slots with the entries that name them, and the swap cache with the pages that are in it.
 *
 * <p>A slot of shared memory is named by no table but by its object, once.
 */
final class SwapCheck {
    private final MemMap memMap;
    private final Swap swap;
    private final Violations violations;
    /** By area and slot: entries found, and exclusive ones. */
    private final int[] @Nullable [] named = new int[SwpEntry.MAX_SWAPFILES][];
    private final int[] @Nullable [] exclusive = new int[SwpEntry.MAX_SWAPFILES][];

    SwapCheck(Kernel kernel, Violations violations) {
        this.memMap = kernel.memMap();
        this.swap = kernel.swap();
        this.violations = violations;
        for (int type = 0; type < named.length; type++) {
            SwapInfo area = swap.area(type);
            if (area != null) {
                named[type] = new int[Math.toIntExact(area.slots())];
                exclusive[type] = new int[Math.toIntExact(area.slots())];
            }
        }
    }

    /** Counts an entry of a table that contributes so often. */
    void entry(long entry, int weight, Object where) {
        int[] counts = named[SwpEntry.type(entry)];
        int[] exclusives = exclusive[SwpEntry.type(entry)];
        long slot = SwpEntry.offset(entry);
        if (counts == null || exclusives == null || slot >= counts.length) {
            violations.add("SW " + where + " holds an entry of slot " + slot + " of swap area " + SwpEntry.type(entry)
                    + ", which does not exist");
            return;
        }
        counts[(int) slot] += weight;
        exclusives[(int) slot] += SwpEntry.isExclusive(entry) ? weight : 0;
    }

    void finish() {
        for (int type = 0; type < named.length; type++) {
            SwapInfo area = swap.area(type);
            int[] counts = named[type];
            int[] exclusives = exclusive[type];
            if (area != null && counts != null && exclusives != null) {
                long inUse = 0;
                for (int slot = 0; slot < counts.length; slot++) {
                    checkSlot(area, slot, counts[slot], exclusives[slot]);
                    inUse += area.count(slot) != 0 || area.hasCache(slot) ? 1 : 0;
                }
                violations.require(inUse == area.inUse(),
                        "SW swap area " + type + " counts " + area.inUse() + " slots in use and has " + inUse);
            }
        }
    }

    private void checkSlot(SwapInfo area, int slot, int entries, int exclusives) {
        int expected = area.isShmem(slot) ? 1 : entries;
        if (area.count(slot) != expected || area.isShmem(slot) && entries != 0) {
            violations.add("I1 swap slot " + slot + " has count " + area.count(slot) + " and " + entries
                    + " entries name it");
        }
        long pfn = swap.swapCachePeek(SwpEntry.make(area.type(), slot));
        boolean cached = pfn != PageAllocator.NO_PAGE;
        if (area.hasCache(slot) != cached) {
            violations.add("SW swap slot " + slot + (cached ? " has" : " has no") + " page in the swap cache and "
                    + (cached ? "no " : "") + "HAS_CACHE");
        }
        if (exclusives != 0 && (entries != 1 || cached && memMap.mapcount(pfn) != 0)) {
            violations.add("AE swap slot " + slot + " is named by an exclusive entry and its page is known elsewhere");
        }
        if (cached) {
            checkCached(SwpEntry.make(area.type(), slot), pfn, entries);
        }
    }

    private void checkCached(long entry, long pfn, int entries) {
        int flags = memMap.flags(pfn);
        if ((flags & PageFlags.SWAPCACHE) == 0 || memMap.swap(pfn) != entry) {
            violations.add("SW frame " + pfn + " is in the swap cache at slot " + SwpEntry.offset(entry)
                    + " and does not say so");
        }
        if ((flags & PageFlags.SWAPBACKED) == 0) {
            violations.add("SW frame " + pfn + " is in the swap cache and not swap-backed");
        }
        if ((flags & PageFlags.ANON_EXCLUSIVE) != 0 && entries != 0) {
            violations.add("AE the exclusive frame " + pfn + " is named by " + entries + " swap entries");
        }
    }

    /** Checks a page that says that it is in the swap cache. */
    void checkPage(long pfn) {
        if (swap.swapCachePeek(memMap.swap(pfn)) != pfn) {
            violations.add("SW frame " + pfn + " says that it is in the swap cache and is not found there");
        }
    }
}
