package dev.cowtable.mm.memfail;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mm.rmap.TryToUnmap;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * What the kernel does when the hardware reports that a frame is broken: nobody reads it again, and it is never given out again.
 *
 * <p>Processes are killed late: by SIGBUS (BUS_MCEERR_AR), when they access the page. A free frame is taken out of the allocator.
 *
 * <p>Mirrors: memory_failure() (mm/memory-failure.c).
 * <p>Locks: the folio lock; rmap locks and ptl inside.
 * <p>Differs: frames of tables, page-cache pages, large folios and huge pages are refused; no early kill.
 */
public final class MemoryFailure {
    private final Kernel kernel;
    private final MemMap memMap;
    private final PoisonEntries poisonEntries;
    private final TryToUnmap tryToUnmap;

    public MemoryFailure(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.poisonEntries = new PoisonEntries(kernel);
        this.tryToUnmap = new TryToUnmap(kernel);
    }

    /**
     * Takes a frame out of use.
     *
     * @return 0; -EBUSY if somebody else, such as a device, still holds it, though no process maps it any more; -EHWPOISON if it was
     *     reported before; -EOPNOTSUPP for a frame that holds what the kernel needs
     */
    public int memoryFailure(Cpu cpu, long pfn) {
        kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
        if ((memMap.flags(cpu, pfn) & PageFlags.HWPOISON) != 0) {
            return Errno.EHWPOISON.code();
        }
        if (kernel.pageAllocator().takePageOffBuddy(cpu, pfn)) {
            memMap.setFlag(cpu, pfn, PageFlags.HWPOISON);
            return 0;
        }
        int unhandled = PageFlags.TABLE | PageFlags.RESERVED | PageFlags.HEAD | PageFlags.ORDER;
        if ((memMap.flags(cpu, pfn) & unhandled) != 0 || !(memMap.mapping(pfn) instanceof AnonVma)
                || !memMap.pageRefAddUnlessZero(cpu, pfn, 1)) {
            return Errno.EOPNOTSUPP.code();
        }
        memMap.setFlag(cpu, pfn, PageFlags.HWPOISON);
        kernel.lru().lruAddDrainAll(cpu);
        memMap.folioLock(cpu, pfn);
        int result = handle(cpu, pfn);
        memMap.folioUnlock(cpu, pfn);
        return result;
    }

    /** The reference taken above is kept for good: a poisoned frame is never free. */
    private int handle(Cpu cpu, long pfn) {
        boolean cached = (memMap.flags(cpu, pfn) & PageFlags.SWAPCACHE) != 0;
        boolean unmapped = cached ? unmapCached(cpu, pfn) : unmapPlain(cpu, pfn);
        deleteFromLru(cpu, pfn);
        int expected = (memMap.flags(cpu, pfn) & PageFlags.SWAPCACHE) != 0 ? 2 : 1;
        boolean known = unmapped && memMap.pageRefCount(cpu, pfn) == expected;
        if (known && expected == 1) {
            memMap.setMapping(pfn, null);
        }
        return known ? 0 : Errno.EBUSY.code();
    }

    private boolean unmapPlain(Cpu cpu, long pfn) {
        poisonEntries.unmap(cpu, pfn);
        return memMap.mapcount(pfn) == 0;
    }

    /**
     * Entries of a page in the swap cache become swap entries. A clean page leaves the cache, as the device holds what it held; a
     * dirty one stays there, poisoned, and kills who swaps it in.
     *
     * <p>Mirrors: unmap_poisoned_folio(), me_swapcache_clean(), me_swapcache_dirty().
     */
    private boolean unmapCached(Cpu cpu, long pfn) {
        tryToUnmap.tryToUnmap(cpu, pfn, TryToUnmap.IGNORE_MLOCK);
        if ((memMap.flags(cpu, pfn) & PageFlags.DIRTY) == 0 && memMap.mapcount(pfn) == 0) {
            kernel.swap().deleteFromSwapCache(cpu, pfn);
        }
        return memMap.mapcount(pfn) == 0;
    }

    /** Mirrors: delete_from_lru_cache(). */
    private void deleteFromLru(Cpu cpu, long pfn) {
        if (kernel.lru().folioIsolateLru(cpu, pfn)) {
            memMap.clearFlag(cpu, pfn, PageFlags.ACTIVE | PageFlags.UNEVICTABLE);
            kernel.putPage(cpu, pfn);
        }
    }
}
