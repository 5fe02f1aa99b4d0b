package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.swap.Swap;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * A fault on a non-present entry.
 *
 * <p>The page is found in the swap cache or read, locked, and proven still to be the entry's; then, under ptl, the entry is compared and
 * replaced. It is given back exclusive if the entry says so or if nobody else knows the page.
 *
 * <p>Mirrors: do_swap_page() (mm/memory.c).
 * <p>Locks: as {@link MemoryFault}; the folio lock, then ptl.
 * <p>Flush: none, as a non-present entry is never cached.
 */
final class SwapFault {
    private final MemMap memMap;
    private final PageTables pageTables;
    private final Kernel kernel;
    private final Swap swap;
    private final WriteProtectFault writeProtectFault;

    SwapFault(Kernel kernel, WriteProtectFault writeProtectFault) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.pageTables = kernel.pageTables();
        this.swap = kernel.swap();
        this.writeProtectFault = writeProtectFault;
    }

    int doSwapPage(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr, long entry) {
        if (!SwpEntry.isSlot(entry)) {
            return nonSwapEntry(cpu, pmdPaddr, vaddr, entry);
        }
        int prepared = MemoryFault.anonPrepare(kernel, cpu, vma, flags);
        if (prepared != 0) {
            return prepared;
        }
        long pfn = swap.swapCacheGet(cpu, entry);
        boolean cached = pfn != PageAllocator.NO_PAGE;
        boolean direct = !cached && swap.bypassesCache(entry);
        if (!cached) {
            pfn = direct ? swap.readDirect(cpu, entry) : swap.readForFault(cpu, entry);
        }
        if (pfn < 0) {
            boolean unchanged = isUnchanged(cpu, pmdPaddr, vaddr, entry);
            return unchanged && pfn == PageAllocator.NO_PAGE ? VmFault.OOM : 0;
        }
        Fault fault = new Fault(vma, vaddr, flags, pmdPaddr, entry, pfn, direct);
        int result = direct ? mapLocked(cpu, fault) : lockAndMap(cpu, fault);
        return cached || (result & VmFault.ERROR) != 0 ? result : result | VmFault.MAJOR;
    }

    /** One swap-in. */
    private record Fault(VmAreaStruct vma, long vaddr, int flags, long pmdPaddr, long entry, long pfn,
            boolean direct) {
        boolean isWrite() {
            return (flags & VmFault.FLAG_WRITE) != 0;
        }
    }

    /** Why under ptl: who has dropped the slot's last user may not have replaced the entry yet, and is waited for. */
    private boolean isUnchanged(Cpu cpu, long pmdPaddr, long vaddr, long entry) {
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            return false;
        }
        boolean same = cpu.memory().read(PageTables.ptePaddr(table, vaddr)) == entry;
        table.ptl().unlock(cpu);
        return same;
    }

    // ---------------------------------------------------------------- entries that name no slot

    /** A page on its way elsewhere is waited for; its mover holds the folio lock until the entries are back. */
    private int nonSwapEntry(Cpu cpu, long pmdPaddr, long vaddr, long entry) {
        if (SwpEntry.isMigration(entry)) {
            long pfn = SwpEntry.pfn(entry);
            while (memMap.testFlag(pfn, PageFlags.LOCKED) && isUnchanged(cpu, pmdPaddr, vaddr, entry)) {
                cpu.await(new MigrationEnd(memMap, pfn));
            }
            return 0;
        }
        return SwpEntry.isGuard(entry) ? VmFault.SIGSEGV : VmFault.HWPOISON;
    }

    // ---------------------------------------------------------------- a page in hand

    /** The page may have left the swap cache, and its slot may have got another one, before it was locked. */
    private int lockAndMap(Cpu cpu, Fault fault) {
        long pfn = fault.pfn;
        memMap.folioLock(cpu, pfn);
        if (!swap.folioMatches(cpu, pfn, fault.entry)) {
            return giveUp(cpu, fault, 0);
        }
        if (memMap.testFlag(pfn, PageFlags.HWPOISON)) {
            return giveUp(cpu, fault, VmFault.HWPOISON);
        }
        if (fault.isWrite() && !memMap.testFlag(pfn, PageFlags.LRU)) {
            kernel.lru().lruAddDrain(cpu);
        }
        return mapLocked(cpu, fault);
    }

    private int giveUp(Cpu cpu, Fault fault, int result) {
        memMap.folioUnlock(cpu, fault.pfn);
        kernel.putPage(cpu, fault.pfn);
        if (fault.direct) {
            swap.endDirectRead(cpu, fault.entry);
        }
        return result;
    }

    private int mapLocked(Cpu cpu, Fault fault) {
        VmAreaStruct vma = fault.vma;
        PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), fault.pmdPaddr, fault.vaddr, BreakIntent.FAULT);
        if (table == null || table == PtDesc.NO_MEMORY) {
            return giveUp(cpu, fault, table == null ? 0 : VmFault.OOM);
        }
        long ptePaddr = PageTables.ptePaddr(table, fault.vaddr);
        boolean same = cpu.memory().read(ptePaddr) == fault.entry;
        if (!same || !memMap.testFlag(fault.pfn, PageFlags.UPTODATE)) {
            table.ptl().unlock(cpu);
            return giveUp(cpu, fault, same ? VmFault.SIGBUS : 0);
        }
        long pte = replaceEntry(cpu, fault, ptePaddr);
        memMap.folioUnlock(cpu, fault.pfn);
        table.ptl().unlock(cpu);
        int result = !fault.isWrite() || Pte.isWritable(pte) ? 0
                : writeProtectFault.doWpPage(cpu, vma, fault.vaddr, fault.flags, fault.pmdPaddr, pte);
        if (fault.direct) {
            swap.endDirectRead(cpu, fault.entry);
        }
        return result;
    }

    /** The swap cache's reference for the finder, or that of the new page, becomes the mapping's. */
    private long replaceEntry(Cpu cpu, Fault fault, long ptePaddr) {
        VmAreaStruct vma = fault.vma;
        long pfn = fault.pfn;
        boolean exclusive = fault.direct || SwpEntry.isExclusive(fault.entry) && !isBeingWritten(cpu, pfn);
        swap.swapFree(cpu, fault.entry);
        if (shouldTryToFreeSwap(cpu, fault)) {
            swap.folioFreeSwap(cpu, pfn);
        }
        vma.mm().addRss(Rss.ANONPAGES, 1);
        vma.mm().addRss(Rss.SWAPENTS, -1);
        exclusive |= memMap.pageRefCount(cpu, pfn) == 1;
        long pte = newEntry(fault, exclusive);
        kernel.rmap().folioAddAnonRmap(cpu, pfn, vma, fault.vaddr, exclusive);
        cpu.memory().write(ptePaddr, pte);
        return pte;
    }

    /** A page that its own process may write must not be on its way to a device that wants stable contents. */
    private boolean isBeingWritten(Cpu cpu, long pfn) {
        return (memMap.flags(cpu, pfn) & PageFlags.WRITEBACK) != 0 && swap.wantsStableWrites(memMap.swap(pfn));
    }

    /** Mirrors: should_try_to_free_swap(). */
    private boolean shouldTryToFreeSwap(Cpu cpu, Fault fault) {
        int pageFlags = memMap.flags(cpu, fault.pfn);
        if ((pageFlags & PageFlags.SWAPCACHE) == 0) {
            return false;
        }
        return swap.isFull() || fault.vma.has(VmFlags.LOCKED) || (pageFlags & PageFlags.MLOCKED) != 0
                || fault.isWrite() && memMap.pageRefCount(cpu, fault.pfn) == 2;
    }

    private long newEntry(Fault fault, boolean exclusive) {
        VmAreaStruct vma = fault.vma;
        long pte = Pte.make(fault.pfn, vma.pageProt());
        if ((fault.entry & SwpEntry.SOFT_DIRTY) != 0) {
            pte |= Pte.SOFT_DIRTY;
        }
        boolean guarded = (fault.entry & SwpEntry.UFFD_WP) != 0;
        if (guarded) {
            pte |= Pte.UFFD_WP;
        }
        boolean writable = exclusive && vma.has(VmFlags.WRITE) && !(guarded && vma.has(VmFlags.UFFD_WP));
        if (!writable || kernel.softDirty().needsWriteProtect(vma, pte)) {
            return pte;
        }
        return fault.isWrite() ? Pte.mkdirty(Pte.mkwrite(pte)) | kernel.softDirty().mark() : Pte.mkwrite(pte);
    }
}
