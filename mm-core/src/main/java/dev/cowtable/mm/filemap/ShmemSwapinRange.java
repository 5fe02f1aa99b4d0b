package dev.cowtable.mm.filemap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Reads swapped pages of a range of shared memory into the swap cache, for MADV_WILLNEED; they stay out of the page
 * cache.
 */
public final class ShmemSwapinRange {
    private ShmemSwapinRange() {
    }

    /** Mirrors: shmem_swapin_range() (mm/madvise.c). */
    public static void swapinRange(Kernel kernel, Cpu cpu, AddressSpace file, long from, long end) {
        PageCache pages = file.pages();
        for (long index = pages.nextUsed(from, end); index < end; index = pages.nextUsed(index + 1, end)) {
            long slot = pages.load(cpu, index);
            long pfn = PageCache.isSwap(slot) ? kernel.swap().readSwapCache(cpu, slot) : PageAllocator.NO_PAGE;
            if (pfn != PageAllocator.NO_PAGE) {
                kernel.putPage(cpu, pfn);
            }
        }
        kernel.lru().lruAddDrain(cpu);
    }
}
