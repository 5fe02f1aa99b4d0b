package dev.cowtable.mm.filemap;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Shared memory: files without a disk, whose pages are zero when first used and go to swap under pressure.
 *
 * <p>Mirrors: mm/shmem.c.
 * <p>Locks: takes folio locks and i_pages; a page is handed out with its folio lock held, so that it is neither
 * truncated nor swapped out before it is mapped.
 */
public final class Shmem {
    /** Set in the result of {@link #getFolio} if the page was read from a swap device. */
    public static final long MAJOR = 1L << 62;

    private static final int PAGE = PageFlags.SHMEM | PageFlags.SWAPBACKED | PageFlags.UPTODATE;

    private final Kernel kernel;
    private final MemMap memMap;
    private final ShmemSwap swap;

    public Shmem(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.swap = new ShmemSwap(kernel, this);
    }

    /** Swapping out and in, and what it leaves to be seen. */
    public ShmemSwap swap() {
        return swap;
    }

    /** Makes an object of {@code pages} pages, held by the caller: shmem_kernel_file_setup(). */
    public AddressSpace create(String name, long pages) {
        return new AddressSpace(kernel.lockdep(), name, true, pages, this::evict);
    }

    // ---------------------------------------------------------------- pages of a file

    /**
     * The page of an index, referenced and with the folio lock held: found, swapped in, or new and zero.
     *
     * <p>Mirrors: shmem_get_folio_gfp() with SGP_CACHE.
     *
     * @return its frame, with {@link #MAJOR} if it had to be read; or a negative errno: EINVAL beyond the end, ENOMEM,
     * EIO
     */
    public long getFolio(Cpu cpu, AddressSpace file, long index) {
        while (index < file.sizePages()) {
            long slot = file.pages().get(kernel, cpu, index);
            long found;
            if (PageCache.isPage(slot)) {
                found = lockFound(cpu, file, PageCache.pfn(slot));
            } else if (PageCache.isSwap(slot)) {
                found = swap.swapinFolio(cpu, file, index, slot);
            } else {
                found = allocAndAddFolio(cpu, file, index);
            }
            if (found >= 0 && index >= file.sizePages()) {
                release(cpu, found & ~MAJOR);
                break;
            }
            if (found != Errno.EEXIST.code()) {
                return found;
            }
        }
        return Errno.EINVAL.code();
    }

    /** Gives a page back that {@link #getFolio} handed out. */
    public void release(Cpu cpu, long pfn) {
        memMap.folioUnlock(cpu, pfn);
        kernel.putPage(cpu, pfn);
    }

    private long lockFound(Cpu cpu, AddressSpace file, long pfn) {
        memMap.folioLock(cpu, pfn);
        if (memMap.mapping(pfn) == file) {
            return pfn;
        }
        release(cpu, pfn);
        return Errno.EEXIST.code();
    }

    private long allocAndAddFolio(Cpu cpu, AddressSpace file, long index) {
        long pfn = kernel.pageAllocator().allocZeroedPage(cpu);
        if (pfn == PageAllocator.NO_PAGE) {
            return Errno.ENOMEM.code();
        }
        memMap.initFlags(pfn, PAGE | PageFlags.LOCKED);
        if (!addToPageCache(cpu, file, index, pfn, PageCache.NOTHING)) {
            release(cpu, pfn);
            return Errno.EEXIST.code();
        }
        kernel.lru().folioAddLru(cpu, pfn);
        return pfn;
    }

    /**
     * Puts a locked page into the cache, which takes a reference; false if the index holds something other than
     * expected by now.
     *
     * <p>Mirrors: shmem_add_to_page_cache().
     */
    boolean addToPageCache(Cpu cpu, AddressSpace file, long index, long pfn, long expected) {
        memMap.pageRefAdd(cpu, pfn, 1);
        memMap.setIndex(pfn, index);
        memMap.setMapping(pfn, file);
        if (file.pages().replace(cpu, index, expected, PageCache.slotOf(pfn))) {
            return true;
        }
        memMap.setMapping(pfn, null);
        kernel.putPage(cpu, pfn);
        return false;
    }

    /**
     * Takes a locked page out of the cache, leaving {@code replacement} in its place, and drops the cache's reference.
     *
     * <p>Mirrors: shmem_delete_from_page_cache(), filemap_remove_folio().
     */
    void deleteFromPageCache(Cpu cpu, AddressSpace file, long pfn, long replacement) {
        forget(cpu, file, pfn, replacement);
        kernel.putPage(cpu, pfn);
    }

    private void forget(Cpu cpu, AddressSpace file, long pfn, long replacement) {
        if (!file.pages().replace(cpu, memMap.index(pfn), PageCache.slotOf(pfn), replacement)) {
            throw new IllegalStateException("the locked frame " + pfn + " is not in the cache of " + file);
        }
        memMap.setMapping(pfn, null);
    }

    // ---------------------------------------------------------------- the end of a file

    /**
     * Frees pages and swap slots of a file that nobody holds.
     *
     * <p>Mirrors: shmem_evict_inode(), whose folio_batch_release() empties the LRU batches if there was a page. No VMA
     * maps it, so no page is mapped; pins keep their page, which has no file then.
     */
    private void evict(Cpu cpu, AddressSpace file) {
        swap.forget(cpu, file);
        PageCache pages = file.pages();
        long end = file.sizePages();
        boolean held = false;
        for (long index = pages.nextUsed(0, end); index < end; index = pages.nextUsed(index, end)) {
            long slot = pages.get(kernel, cpu, index);
            if (PageCache.isPage(slot)) {
                truncateFolio(cpu, file, PageCache.pfn(slot));
                held = true;
            } else if (PageCache.isSwap(slot)) {
                swap.freeSwap(cpu, file, index, slot);
            }
        }
        if (held) {
            kernel.lru().lruAddDrain(cpu);
        }
    }

    private void truncateFolio(Cpu cpu, AddressSpace file, long pfn) {
        memMap.folioLock(cpu, pfn);
        if (memMap.mapping(pfn) == file) {
            memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
            deleteFromPageCache(cpu, file, pfn, PageCache.NOTHING);
        }
        release(cpu, pfn);
    }

    /**
     * Takes a clean page, known to the cache and to the caller only, out of the cache; true: its count is 0 and the
     * caller frees it. What was never written is zero again when it is next asked for.
     *
     * <p>Mirrors: __remove_mapping() for a page of a file: the count is frozen before the dirty flag is looked at.
     * <p>Locks: the folio lock.
     */
    public boolean removeMapping(Cpu cpu, long pfn) {
        if (!(memMap.mapping(pfn) instanceof AddressSpace file) || !memMap.pageRefFreeze(cpu, pfn, 2)) {
            return false;
        }
        if ((memMap.flags(cpu, pfn) & PageFlags.DIRTY) != 0) {
            memMap.pageRefUnfreeze(cpu, pfn, 2);
            return false;
        }
        forget(cpu, file, pfn, PageCache.NOTHING);
        return true;
    }

    // ---------------------------------------------------------------- observers

    /** True if the page of an index is in memory, mapped or not: mincore_page(). */
    public boolean isIncore(Cpu cpu, AddressSpace file, long index) {
        if (file.isOpaque()) {
            return false;
        }
        long slot = file.pages().load(cpu, index);
        return PageCache.isPage(slot) ? memMap.testFlag(PageCache.pfn(slot), PageFlags.UPTODATE)
                : PageCache.isSwap(slot) && swap.isInSwapCache(slot);
    }

    /**
     * Pages of a VMA's range of its file that are in swap.
     *
     * <p>Mirrors: shmem_swap_usage(); a VMA from offset 0 that is as long as the file is charged all of them.
     */
    public long swapUsagePages(VmAreaStruct vma) {
        AddressSpace file = vma.file();
        if (file == null || file.isOpaque() || file.nrSwapped() == 0) {
            return 0;
        }
        long vmaPages = (vma.end() - vma.start()) >>> 12;
        if (vma.pgoff() == 0 && vmaPages >= file.sizePages()) {
            return file.nrSwapped();
        }
        PageCache pages = file.pages();
        long end = vma.pgoff() + vmaPages;
        long sum = 0;
        for (long index = pages.nextUsed(vma.pgoff(), end); index < end; index = pages.nextUsed(index + 1, end)) {
            sum += PageCache.isSwap(pages.load(index)) ? 1 : 0;
        }
        return sum;
    }
}
