package dev.cowtable.mm.filemap;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.Swap;
import dev.cowtable.mm.swap.SwapIn;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shared memory on its way to swap and back: a slot of the page cache holds the page or, as its one user, the swap
 * entry.
 *
 * <pre>
 * page cache -> [slot taken, into the swap cache; i_pages slot replaced] -> swap cache -> written -> freed
 * page cache <- [i_pages slot replaced; out of the swap cache, slot freed; dirty] <- swap cache, or read
 * </pre>
 *
 * <p>Mirrors: shmem_writeout(), shmem_swapin_folio(), shmem_unuse() (mm/shmem.c).
 * <p>Locks: the folio lock while a page moves; i_pages decides who replaces the slot.
 */
public final class ShmemSwap {
    private final Kernel kernel;
    private final MemMap memMap;
    private final Shmem shmem;
    private final SpinLock swaplistLock;
    // swaplistLock must be held when using this:
    private final List<AddressSpace> swaplist = new ArrayList<>();

    ShmemSwap(Kernel kernel, Shmem shmem) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.shmem = shmem;
        this.swaplistLock = new SpinLock(kernel.lockdep(), LockClass.MMLIST_LOCK);
    }

    // ---------------------------------------------------------------- out

    /**
     * Moves an unmapped page from the page cache to the swap cache and writes it.
     *
     * <p>Mirrors: shmem_writeout().
     * <p>Locks: the folio lock is held, and a reference besides the cache's.
     *
     * @return what became of it; null if there is no slot: the page is dirty in the page cache as before
     */
    public Swap.@Nullable Written writeout(Cpu cpu, long pfn) {
        if (!(memMap.mapping(pfn) instanceof AddressSpace file) || !kernel.swap().folioAllocSwap(cpu, pfn)) {
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
            return null;
        }
        long entry = memMap.swap(pfn);
        enlist(cpu, file);
        kernel.swap().swapShmemAlloc(cpu, entry);
        shmem.deleteFromPageCache(cpu, file, pfn, SwpEntry.plain(entry));
        memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        return kernel.swap().writeout(cpu, pfn);
    }

    private void enlist(Cpu cpu, AddressSpace file) {
        swaplistLock.lock(cpu);
        if (!swaplist.contains(file)) {
            swaplist.add(file);
        }
        swaplistLock.unlock(cpu);
    }

    // ---------------------------------------------------------------- in

    /**
     * Brings a page back; as {@link Shmem#getFolio}, and EEXIST if the slot of the page cache has changed meanwhile.
     *
     * <p>Mirrors: shmem_swapin_folio().
     */
    long swapinFolio(Cpu cpu, AddressSpace file, long index, long entry) {
        long pfn = kernel.swap().swapCacheGet(cpu, entry);
        if (pfn != PageAllocator.NO_PAGE) {
            memMap.folioLock(cpu, pfn);
            return moveToPageCache(cpu, file, index, entry, pfn);
        }
        if (file.pages().load(cpu, index) != entry) {
            return Errno.EEXIST.code();
        }
        long read = kernel.swap().bypassesCache(entry) ? swapinDirect(cpu, file, index, entry)
                : swapinCached(cpu, file, index, entry);
        return read < 0 ? read : read | Shmem.MAJOR;
    }

    private long swapinCached(Cpu cpu, AddressSpace file, long index, long entry) {
        long pfn = kernel.swap().readSwapCache(cpu, entry);
        if (pfn == PageAllocator.NO_PAGE) {
            return failure(cpu, file, index, entry);
        }
        memMap.folioLock(cpu, pfn);
        return moveToPageCache(cpu, file, index, entry, pfn);
    }

    /** Why a page could not be read: for want of memory, or because the slot is not ours any more. */
    private static long failure(Cpu cpu, AddressSpace file, long index, long entry) {
        boolean same = file.pages().load(cpu, index) == entry;
        return same ? Errno.ENOMEM.code() : Errno.EEXIST.code();
    }

    private long moveToPageCache(Cpu cpu, AddressSpace file, long index, long entry, long pfn) {
        Swap swap = kernel.swap();
        if (!swap.folioMatches(cpu, pfn, entry)) {
            shmem.release(cpu, pfn);
            return Errno.EEXIST.code();
        }
        if (!memMap.testFlag(pfn, PageFlags.UPTODATE)) {
            shmem.release(cpu, pfn);
            return Errno.EIO.code();
        }
        swap.waitOnWriteback(cpu, pfn);
        if (!shmem.addToPageCache(cpu, file, index, pfn, entry)) {
            shmem.release(cpu, pfn);
            return Errno.EEXIST.code();
        }
        memMap.setFlag(cpu, pfn, PageFlags.SHMEM | PageFlags.DIRTY);
        swap.deleteFromSwapCache(cpu, pfn);
        swap.swapFree(cpu, entry);
        return pfn;
    }

    /** Reads past the swap cache, HAS_CACHE keeping others out: the synchronous back end. */
    private long swapinDirect(Cpu cpu, AddressSpace file, long index, long entry) {
        Swap swap = kernel.swap();
        long pfn = swap.readDirect(cpu, entry);
        if (pfn < 0) {
            return pfn == SwapIn.BUSY ? Errno.EEXIST.code() : failure(cpu, file, index, entry);
        }
        boolean added = shmem.addToPageCache(cpu, file, index, pfn, entry);
        if (added) {
            memMap.setFlag(cpu, pfn, PageFlags.SHMEM | PageFlags.DIRTY);
            swap.endDirectRead(cpu, entry);
            swap.swapFree(cpu, entry);
            return pfn;
        }
        swap.endDirectRead(cpu, entry);
        shmem.release(cpu, pfn);
        return Errno.EEXIST.code();
    }

    // ---------------------------------------------------------------- the end of a slot

    /** Frees the slot of a page that is truncated: shmem_free_swap(). Somebody who swaps it in meanwhile wins. */
    void freeSwap(Cpu cpu, AddressSpace file, long index, long entry) {
        if (file.pages().replace(cpu, index, entry, PageCache.NOTHING)) {
            kernel.swap().freeSwapAndCache(cpu, entry);
        }
    }

    /** A file has gone. */
    void forget(Cpu cpu, AddressSpace file) {
        swaplistLock.lock(cpu);
        swaplist.remove(file);
        swaplistLock.unlock(cpu);
    }

    /**
     * Brings back all shared memory of one swap area; 0 or -ENOMEM.
     *
     * <p>Mirrors: shmem_unuse().
     * <p>Locks: none held.
     */
    public int unuse(Cpu cpu, int type) {
        int error = 0;
        for (AddressSpace file : swappedFiles(cpu)) {
            error = error == 0 ? unuse(cpu, file, type) : error;
            file.put(cpu);
        }
        return error;
    }

    private List<AddressSpace> swappedFiles(Cpu cpu) {
        List<AddressSpace> held = new ArrayList<>();
        swaplistLock.lock(cpu);
        swaplist.removeIf(file -> file.nrSwapped() == 0);
        for (AddressSpace file : swaplist) {
            if (file.tryGet(cpu)) {
                held.add(file);
            }
        }
        swaplistLock.unlock(cpu);
        return held;
    }

    private int unuse(Cpu cpu, AddressSpace file, int type) {
        PageCache pages = file.pages();
        long end = file.sizePages();
        for (long index = pages.nextUsed(0, end); index < end; index = pages.nextUsed(index + 1, end)) {
            long slot = pages.load(cpu, index);
            if (PageCache.isSwap(slot) && SwpEntry.type(slot) == type) {
                long got = swapinFolio(cpu, file, index, slot);
                if (got == Errno.ENOMEM.code()) {
                    return (int) got;
                }
                if (got >= 0) {
                    shmem.release(cpu, got & ~Shmem.MAJOR);
                }
            }
        }
        return 0;
    }

    // ---------------------------------------------------------------- observers

    boolean isInSwapCache(long entry) {
        long pfn = kernel.swap().swapCachePeek(entry);
        return pfn != PageAllocator.NO_PAGE && memMap.testFlag(pfn, PageFlags.UPTODATE);
    }

    /** Calls {@code visitor} with the swap entry of every swapped page of every file, each one user of its slot. */
    public void forEachSwapEntry(SwapEntryVisitor visitor) {
        for (AddressSpace file : List.copyOf(swaplist)) {
            PageCache pages = file.pages();
            long end = file.sizePages();
            for (long index = pages.nextUsed(0, end); index < end; index = pages.nextUsed(index + 1, end)) {
                if (PageCache.isSwap(pages.load(index))) {
                    visitor.visit(pages.load(index));
                }
            }
        }
    }

    /** Takes a swap entry. */
    @FunctionalInterface
    public interface SwapEntryVisitor {
        void visit(long entry);
    }
}
