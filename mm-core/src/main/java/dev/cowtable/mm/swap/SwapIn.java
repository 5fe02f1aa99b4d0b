package dev.cowtable.mm.swap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Waitable;

/**
 * Brings pages back from an area, through the swap cache or past it.
 *
 * <p>HAS_CACHE is the lock that keeps two from reading one slot into two pages: who finds it taken waits and looks again.
 *
 * <p>Mirrors: __read_swap_cache_async() (mm/swap_state.c), the synchronous part of do_swap_page() (mm/memory.c).
 * <p>Locks: none held but mmap_lock or the VMA's; a new page stays locked until it is filled.
 */
public final class SwapIn {
    /** Somebody else was reading the slot and has been waited for, or nobody uses it any more: the entry must be looked at again. */
    public static final long BUSY = -2;
    /** What comes back from an area was reclaimed not long ago, so it counts as active: workingset_refault(). */
    private static final int REFAULTED = PageFlags.SWAPBACKED | PageFlags.ACTIVE;

    private final Kernel kernel;
    private final MemMap memMap;
    private final SwapCache cache;
    private final SwapIo io;

    SwapIn(Kernel kernel, SwapCache cache, SwapIo io) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.cache = cache;
        this.io = io;
    }

    /** The page with a reference; {@link #BUSY} if nobody uses the slot; NO_PAGE without memory. */
    long readSwapCache(Cpu cpu, SwapInfo area, long slot) {
        long fresh = PageAllocator.NO_PAGE;
        while (true) {
            long pfn = cache.get(cpu, area, slot);
            if (pfn == PageAllocator.NO_PAGE && area.count(slot) == 0) {
                pfn = BUSY;
            }
            if (pfn == PageAllocator.NO_PAGE && fresh == PageAllocator.NO_PAGE) {
                fresh = kernel.pageAllocator().allocPage(cpu);
            }
            if (pfn != PageAllocator.NO_PAGE || fresh == PageAllocator.NO_PAGE) {
                release(cpu, fresh);
                return pfn;
            }
            if (prepare(cpu, area, slot) == SwapPrepared.TAKEN) {
                fill(cpu, area, slot, fresh);
                return fresh;
            }
        }
    }

    private void release(Cpu cpu, long pfn) {
        if (pfn != PageAllocator.NO_PAGE) {
            kernel.putPage(cpu, pfn);
        }
    }

    private SwapPrepared prepare(Cpu cpu, SwapInfo area, long slot) {
        SwapPrepared prepared = area.prepareCache(cpu, slot);
        if (prepared == SwapPrepared.BUSY) {
            Settled settled = new Settled(area, slot);
            while (!settled.isReady()) {
                cpu.await(settled);
            }
        }
        return prepared;
    }

    private void fill(Cpu cpu, SwapInfo area, long slot, long pfn) {
        memMap.folioLock(cpu, pfn);
        memMap.setFlag(cpu, pfn, REFAULTED);
        cache.add(cpu, area, slot, pfn);
        kernel.lru().folioAddLru(cpu, pfn);
        io.read(cpu, area, slot, pfn);
        memMap.folioUnlock(cpu, pfn);
    }

    long readDirect(Cpu cpu, SwapInfo area, long slot) {
        long pfn = kernel.pageAllocator().allocPage(cpu);
        if (pfn == PageAllocator.NO_PAGE) {
            return pfn;
        }
        if (prepare(cpu, area, slot) != SwapPrepared.TAKEN) {
            kernel.putPage(cpu, pfn);
            return BUSY;
        }
        memMap.folioLock(cpu, pfn);
        memMap.setFlag(cpu, pfn, REFAULTED);
        kernel.lru().folioAddLru(cpu, pfn);
        io.read(cpu, area, slot, pfn);
        return pfn;
    }

    /** HAS_CACHE is free, or its holder's page can be found. */
    private record Settled(SwapInfo area, long slot) implements Waitable {
        @Override
        public boolean isReady() {
            return !area.hasCache(slot) || area.cached(slot) != 0;
        }

        @Override
        public String describe() {
            return "HAS_CACHE of swap slot " + slot;
        }
    }
}
