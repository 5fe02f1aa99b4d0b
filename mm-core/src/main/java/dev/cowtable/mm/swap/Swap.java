package dev.cowtable.mm.swap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Swap: the areas, the counts of their slots, and the pages that have a slot.
 *
 * <p>Entries are taken with or without their software bits.
 *
 * <p>Mirrors: mm/swapfile.c, mm/swap_state.c, mm/page_io.c.
 * <p>Locks: takes the swap lock and i_pages, both inside a ptl.
 */
public final class Swap extends SwapAreas {
    private final Kernel kernel;
    private final MemMap memMap;
    private final SwapCache cache;
    private final SwapIo io;
    private final SwapIn swapIn;

    public Swap(Kernel kernel) {
        super(kernel);
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.cache = new SwapCache(kernel);
        this.io = new SwapIo(kernel);
        this.swapIn = new SwapIn(kernel, cache, io);
    }

    // ---------------------------------------------------------------- slots

    /** Drops the user that is unmapped, and the page in the swap cache if nobody can want it any more: free_swap_and_cache(). */
    public void freeSwapAndCache(Cpu cpu, long entry) {
        SwapInfo area = usedAreaOf(entry);
        long slot = SwpEntry.offset(entry);
        if (area.free(cpu, slot)) {
            tryToReclaim(cpu, area, slot);
        }
    }

    /** The frame in the swap cache for an observer, who gets no reference, or {@link PageAllocator#NO_PAGE}. */
    public long swapCachePeek(long entry) {
        return SwapCache.peek(areaOf(entry), SwpEntry.offset(entry));
    }

    // ---------------------------------------------------------------- the swap cache

    /**
     * Gives a page a slot and puts it, dirty, into the swap cache with a reference; false if no slot is free.
     *
     * <p>Mirrors: folio_alloc_swap().
     * <p>Locks: the folio lock is held.
     */
    public boolean folioAllocSwap(Cpu cpu, long pfn) {
        for (SwapInfo area : areas()) {
            long slot = area == null ? SwapInfo.NO_SLOT : area.allocSlot(cpu);
            if (area != null && slot != SwapInfo.NO_SLOT) {
                cache.add(cpu, area, slot, pfn);
                memMap.setFlag(cpu, pfn, PageFlags.DIRTY | PageFlags.UPTODATE);
                return true;
            }
        }
        return false;
    }

    /** The page in the swap cache with a reference for the caller, or {@link PageAllocator#NO_PAGE}: swap_cache_get_folio(). */
    public long swapCacheGet(Cpu cpu, long entry) {
        SwapInfo area = areaOf(entry);
        return area == null ? PageAllocator.NO_PAGE : cache.get(cpu, area, SwpEntry.offset(entry));
    }

    /** True if the locked page still is the swap cache's for this entry: folio_matches_swap_entry(). */
    public boolean folioMatches(Cpu cpu, long pfn, long entry) {
        return (memMap.flags(cpu, pfn) & PageFlags.SWAPCACHE) != 0 && memMap.swap(pfn) == SwpEntry.plain(entry);
    }

    /**
     * Takes a page out of the swap cache if no entry names its slot and it is not being written; it is dirty from then on.
     *
     * <p>Mirrors: folio_free_swap().
     * <p>Locks: the folio lock, and a reference besides the cache's, are held.
     */
    public boolean folioFreeSwap(Cpu cpu, long pfn) {
        if (!isFreeable(cpu, pfn) || swapCount(memMap.swap(pfn)) != 0) {
            return false;
        }
        deleteFromSwapCache(cpu, pfn);
        memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
        return true;
    }

    private boolean isFreeable(Cpu cpu, long pfn) {
        return (memMap.flags(cpu, pfn) & (PageFlags.SWAPCACHE | PageFlags.WRITEBACK)) == PageFlags.SWAPCACHE;
    }

    /** As {@link #folioFreeSwap} for an unmapped page that nobody has locked: free_swap_cache(). A reference is held. */
    public void freeSwapCache(Cpu cpu, long pfn) {
        if ((memMap.flags(cpu, pfn) & PageFlags.SWAPCACHE) != 0 && memMap.mapcount(pfn) == 0
                && memMap.folioTrylock(cpu, pfn)) {
            folioFreeSwap(cpu, pfn);
            memMap.folioUnlock(cpu, pfn);
        }
    }

    /** Takes a page out of the swap cache whoever uses the slot. Locks: the folio lock and a reference are held. */
    public void deleteFromSwapCache(Cpu cpu, long pfn) {
        cache.delete(cpu, usedAreaOf(memMap.swap(pfn)), pfn);
    }

    /**
     * Takes a clean page, known to the swap cache and to the caller only, out of the cache; true: its count is 0 and the caller frees it.
     *
     * <p>Mirrors: __remove_mapping(). Locks: the folio lock is held.
     */
    public boolean removeMapping(Cpu cpu, long pfn) {
        return cache.removeUnused(cpu, usedAreaOf(memMap.swap(pfn)), pfn);
    }

    /**
     * Gives a page's place in the swap cache to its copy, if only the cache and the caller know the page.
     *
     * <p>Locks: both folio locks are held.
     */
    public boolean migrateCached(Cpu cpu, long pfn, long newPfn) {
        return cache.migrate(cpu, usedAreaOf(memMap.swap(pfn)), pfn, newPfn);
    }

    /** Mirrors: __try_to_reclaim_swap(). */
    private void tryToReclaim(Cpu cpu, SwapInfo area, long slot) {
        long pfn = cache.get(cpu, area, slot);
        if (pfn == PageAllocator.NO_PAGE) {
            return;
        }
        if (memMap.folioTrylock(cpu, pfn)) {
            boolean wanted = memMap.mapcount(pfn) != 0 && !isFull();
            if (!wanted && folioMatches(cpu, pfn, SwpEntry.make(area.type(), slot)) && isFreeable(cpu, pfn)
                    && area.isOnlyCached(slot)) {
                cache.delete(cpu, area, pfn);
                memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
            }
            memMap.folioUnlock(cpu, pfn);
        }
        kernel.putPage(cpu, pfn);
    }

    // ---------------------------------------------------------------- input and output

    /** What became of a page that was to be written. */
    public enum Written {
        /** It has left the swap cache instead, as no entry names its slot, and is dirty. */
        NOT_NEEDED,
        /** The slot holds it: the page can be freed at once. A page of zeros is one, whatever the area. */
        DONE,
        /** Write-back was begun; the page stays until another reclaim finds it clean. */
        UNDER_WAY
    }

    /**
     * Writes a page, whose dirty flag the caller has cleared, to its slot.
     *
     * <p>Mirrors: swap_writeout().
     * <p>Locks: the folio lock is held, and still held on return.
     */
    public Written writeout(Cpu cpu, long pfn) {
        return folioFreeSwap(cpu, pfn) ? Written.NOT_NEEDED
                : io.write(cpu, usedAreaOf(memMap.swap(pfn)), pfn);
    }

    /** From here on asynchronous writes of this CPU wait for {@link #finishPlug}: blk_start_plug(). */
    public void startPlug(Cpu cpu) {
        io.startPlug(cpu);
    }

    /** Sends off what has been written meanwhile: blk_finish_plug(). */
    public void finishPlug(Cpu cpu) {
        io.finishPlug(cpu);
    }

    /** Sends off what this CPU has written, if it has no plug: whoever writes calls this after the pages are back on their lists. */
    public void submitUnlessPlugged(Cpu cpu) {
        io.submitUnlessPlugged(cpu);
    }

    /** True lets write-back go on until {@link #endWriteback}; by default it ends when it was submitted, before anyone can look. */
    public void holdWriteback(boolean hold) {
        io.holdWriteback(hold);
    }

    /** Ends the write-back that this CPU has begun: folio_end_writeback() for each page. */
    public void endWriteback(Cpu cpu) {
        io.endWriteback(cpu);
    }

    /** Waits until a page is no longer under write-back: folio_wait_writeback(). */
    public void waitOnWriteback(Cpu cpu, long pfn) {
        io.waitOnWriteback(cpu, pfn);
    }

    /**
     * The page of an entry through the swap cache, read from the area if it is not there; with a reference, not locked.
     *
     * <p>Mirrors: read_swap_cache_async() without read-ahead.
     *
     * @return the frame; {@link PageAllocator#NO_PAGE} if nobody uses the slot any more or there is no memory
     */
    public long readSwapCache(Cpu cpu, long entry) {
        long pfn = readForFault(cpu, entry);
        return pfn == SwapIn.BUSY ? PageAllocator.NO_PAGE : pfn;
    }

    /** As {@link #readSwapCache}, but {@link SwapIn#BUSY} if nobody uses the slot any more. */
    public long readForFault(Cpu cpu, long entry) {
        SwapInfo area = areaOf(entry);
        return area == null ? SwapIn.BUSY : swapIn.readSwapCache(cpu, area, SwpEntry.offset(entry));
    }

    /** True if a page must not change while it is being written to the entry's area: SWP_STABLE_WRITES, as compression asks for. */
    public boolean wantsStableWrites(long entry) {
        SwapInfo area = areaOf(entry);
        return area != null && area.isSynchronous();
    }

    /** True if an entry is best read past the swap cache: a synchronous area, and one user. */
    public boolean bypassesCache(long entry) {
        SwapInfo area = areaOf(entry);
        return area != null && area.isSynchronous() && area.count(SwpEntry.offset(entry)) == 1;
    }

    /**
     * Reads an entry past the swap cache into a new page, locked, with one reference, HAS_CACHE taken meanwhile; the caller gives that
     * back by {@link #endDirectRead} when the entry is replaced.
     *
     * @return the frame; {@link SwapIn#BUSY} after somebody else's HAS_CACHE was waited for; {@link PageAllocator#NO_PAGE} without memory
     */
    public long readDirect(Cpu cpu, long entry) {
        return swapIn.readDirect(cpu, usedAreaOf(entry), SwpEntry.offset(entry));
    }

    /** Gives HAS_CACHE back, and the slot with it if nobody uses it: swapcache_clear(). */
    public void endDirectRead(Cpu cpu, long entry) {
        usedAreaOf(entry).clearCache(cpu, SwpEntry.offset(entry));
    }

    /** A slot with one user whose page is full of one word, in an area that is made if there is none; for recorded processes. */
    public long installEntry(Cpu cpu, long word) {
        if (!isOn()) {
            swapon(cpu, SwapInfo.Kind.FILE);
        }
        for (SwapInfo area : areas()) {
            long slot = area == null ? SwapInfo.NO_SLOT : area.allocUsedSlot(cpu);
            if (area != null && slot != SwapInfo.NO_SLOT) {
                area.contents(slot).set(SwapCluster.at(slot), word);
                return SwpEntry.make(area.type(), slot);
            }
        }
        throw new IllegalStateException("no swap slot is free");
    }
}
