package dev.cowtable.mm.swap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Pages that have a swap slot: found by their entry.
 *
 * <p>Mirrors: mm/swap_state.c.
 * <p>Invariant: a page with SWAPCACHE is named by exactly one slot, has that slot's plain entry in {@code memMap.swap}, holds a
 * reference for it, and the slot has HAS_CACHE.
 * <p>Locks: changed under the folio lock and the area's i_pages lock; found under the latter.
 */
final class SwapCache {
    private final MemMap memMap;

    SwapCache(Kernel kernel) {
        this.memMap = kernel.memMap();
    }

    /** The page of a slot with a reference for the caller, or {@link PageAllocator#NO_PAGE}: swap_cache_get_folio(). */
    long get(Cpu cpu, SwapInfo area, long slot) {
        area.cacheLock().lock(cpu);
        long pfn = area.cached(slot) - 1;
        if (pfn >= 0 && !memMap.pageRefAddUnlessZero(cpu, pfn, 1)) {
            pfn = PageAllocator.NO_PAGE;
        }
        area.cacheLock().unlock(cpu);
        return pfn;
    }

    /** Enters a page with a reference of its own. The caller has locked the folio and taken HAS_CACHE. */
    void add(Cpu cpu, SwapInfo area, long slot, long pfn) {
        memMap.pageRefAdd(cpu, pfn, 1);
        area.cacheLock().lock(cpu);
        memMap.setSwap(pfn, SwpEntry.make(area.type(), slot));
        memMap.setFlag(cpu, pfn, PageFlags.SWAPCACHE);
        area.setCached(slot, pfn + 1);
        area.cacheLock().unlock(cpu);
    }

    /**
     * Removes a page and drops the cache's reference, which is not the last; the slot goes if it has no user.
     *
     * <p>Mirrors: delete_from_swap_cache().
     */
    void delete(Cpu cpu, SwapInfo area, long pfn) {
        long slot = SwpEntry.offset(memMap.swap(pfn));
        area.cacheLock().lock(cpu);
        forget(cpu, area, slot, pfn);
        area.cacheLock().unlock(cpu);
        area.clearCache(cpu, slot);
        if (memMap.pageRefSubAndTest(cpu, pfn, 1)) {
            throw new IllegalStateException("frame " + pfn + " leaves the swap cache and nobody holds it");
        }
    }

    /**
     * Removes a page of which only the cache and the caller know, unless it is dirty; all references are gone then.
     *
     * <p>Mirrors: __remove_mapping() for a page in the swap cache: the count is frozen before the dirty flag is looked at.
     */
    boolean removeUnused(Cpu cpu, SwapInfo area, long pfn) {
        long slot = SwpEntry.offset(memMap.swap(pfn));
        area.cacheLock().lock(cpu);
        boolean removed = memMap.pageRefFreeze(cpu, pfn, 2);
        if (removed && (memMap.flags(cpu, pfn) & PageFlags.DIRTY) != 0) {
            memMap.pageRefUnfreeze(cpu, pfn, 2);
            removed = false;
        }
        if (removed) {
            forget(cpu, area, slot, pfn);
        }
        area.cacheLock().unlock(cpu);
        if (removed) {
            area.clearCache(cpu, slot);
        }
        return removed;
    }

    /**
     * Puts another page in the place of one of which only the cache and the caller know; its contents and flags are the caller's part.
     *
     * <p>Mirrors: __folio_migrate_mapping() for a page in the swap cache.
     */
    boolean migrate(Cpu cpu, SwapInfo area, long pfn, long newPfn) {
        long entry = memMap.swap(pfn);
        area.cacheLock().lock(cpu);
        boolean alone = memMap.pageRefFreeze(cpu, pfn, 2);
        if (alone) {
            forget(cpu, area, SwpEntry.offset(entry), pfn);
            memMap.pageRefAdd(cpu, newPfn, 1);
            memMap.setSwap(newPfn, entry);
            memMap.setFlag(cpu, newPfn, PageFlags.SWAPCACHE);
            area.setCached(SwpEntry.offset(entry), newPfn + 1);
            memMap.pageRefUnfreeze(cpu, pfn, 1);
        }
        area.cacheLock().unlock(cpu);
        return alone;
    }

    private void forget(Cpu cpu, SwapInfo area, long slot, long pfn) {
        if (area.cached(slot) != pfn + 1) {
            throw new IllegalStateException("frame " + pfn + " is not in the swap cache at slot " + slot);
        }
        area.setCached(slot, 0);
        memMap.clearFlag(cpu, pfn, PageFlags.SWAPCACHE);
        memMap.setSwap(pfn, 0);
    }

    /** The frame of a slot's page for an observer at rest, or {@link PageAllocator#NO_PAGE}. */
    static long peek(@Nullable SwapInfo area, long slot) {
        return area == null ? PageAllocator.NO_PAGE : area.cached(slot) - 1;
    }
}
