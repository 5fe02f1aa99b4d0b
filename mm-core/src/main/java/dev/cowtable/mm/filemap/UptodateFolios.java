package dev.cowtable.mm.filemap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Finds the pages of a file that can be mapped as they are.
 *
 * <p>Mirrors: next_uptodate_folio() (mm/filemap.c).
 * <p>Locks: tries the folio lock and never waits, so that it can be used under a ptl.
 */
public final class UptodateFolios {
    private final Kernel kernel;
    private final MemMap memMap;

    public UptodateFolios(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
    }

    /**
     * The next page of the range that is in memory and not locked, referenced and with the folio lock held; its index
     * is {@link MemMap#index}. {@link PageAllocator#NO_PAGE} if there is none.
     */
    public long next(Cpu cpu, AddressSpace file, long from, long end) {
        PageCache pages = file.pages();
        long limit = Math.min(end, file.sizePages());
        for (long index = pages.nextUsed(from, limit); index < limit; index = pages.nextUsed(index + 1, limit)) {
            long slot = pages.load(cpu, index);
            if (PageCache.isPage(slot) && tryLock(cpu, file, index, slot)) {
                return PageCache.pfn(slot);
            }
        }
        return PageAllocator.NO_PAGE;
    }

    private boolean tryLock(Cpu cpu, AddressSpace file, long index, long slot) {
        long pfn = PageCache.pfn(slot);
        if (memMap.testFlag(pfn, PageFlags.LOCKED) || !memMap.pageRefAddUnlessZero(cpu, pfn, 1)) {
            return false;
        }
        boolean locked = file.pages().load(cpu, index) == slot && memMap.folioTrylock(cpu, pfn);
        if (locked && isUsable(file, index, pfn)) {
            return true;
        }
        if (locked) {
            memMap.folioUnlock(cpu, pfn);
        }
        kernel.putPage(cpu, pfn);
        return false;
    }

    private boolean isUsable(AddressSpace file, long index, long pfn) {
        return memMap.mapping(pfn) == file && memMap.index(pfn) == index && memMap.testFlag(pfn, PageFlags.UPTODATE)
                && index < file.sizePages();
    }
}
