package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * A write, or an unshare, through an entry that is not writable: take the page over if it is this process's alone, else copy it.
 *
 * <p>Mirrors: do_wp_page() and below (mm/memory.c).
 * <p>Locks: as {@link MemoryFault}; the copy is allocated and made with no page-table lock held.
 */
final class WriteProtectFault {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final MemMap memMap;

    WriteProtectFault(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.memMap = kernel.memMap();
    }

    /** Result bits; 0 also when the entry changed meanwhile and the access must fault again. */
    int doWpPage(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr, long pte) {
        PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        if (table == null) {
            return 0;
        }
        if (table == PtDesc.NO_MEMORY) {
            return VmFault.OOM;
        }
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        if (!Pte.same(cpu.memory().read(ptePaddr), pte)) {
            table.ptl().unlock(cpu);
            return 0;
        }
        if (vma.has(VmFlags.SHARED | VmFlags.MAYSHARE)) {
            wpShared(cpu, vma, table, vaddr, pte);
            return 0;
        }
        if (!Pte.isSpecial(pte) && wpCanReuseAnonFolio(cpu, vma, Pte.pfn(pte))) {
            wpPageReuse(cpu, vma, flags, ptePaddr);
            table.ptl().unlock(cpu);
            return 0;
        }
        if (!Pte.isSpecial(pte)) {
            memMap.pageRefAdd(cpu, Pte.pfn(pte), 1);
        }
        table.ptl().unlock(cpu);
        return wpPageCopy(cpu, vma, vaddr, flags, pmdPaddr, pte);
    }

    /**
     * The page stays: the entry becomes writable, the page dirty. Unlocks the table.
     *
     * <p>Mirrors: wp_page_shared() without a page_mkwrite, wp_pfn_shared() for a special entry.
     */
    private void wpShared(Cpu cpu, VmAreaStruct vma, PtDesc table, long vaddr, long pte) {
        kernel.counters().add(cpu.id(), Counter.PAGE_REUSE, 1);
        long pfn = Pte.isSpecial(pte) ? PageAllocator.NO_PAGE : Pte.pfn(pte);
        if (pfn != PageAllocator.NO_PAGE) {
            memMap.pageRefAdd(cpu, pfn, 1);
        }
        long grown = VmFlags.maybeMkwrite(Entry.D | Entry.A | kernel.softDirty().mark(), vma.flags());
        cpu.memory().fetchAndOr(PageTables.ptePaddr(table, vaddr), grown);
        table.ptl().unlock(cpu);
        if (pfn != PageAllocator.NO_PAGE) {
            memMap.folioLock(cpu, pfn);
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
            memMap.folioUnlock(cpu, pfn);
            kernel.putPage(cpu, pfn);
        }
    }

    /**
     * True if the page is this process's alone; it is marked AnonExclusive then.
     *
     * <p>Mirrors: wp_can_reuse_anon_folio(). Of a small folio the mapcount is never asked: only references tell of pipes and pins. A page of a
     * large one is this process's alone if all references on the folio are mappings of this process; the other pages wait for faults of
     * their own.
     */
    private boolean wpCanReuseAnonFolio(Cpu cpu, VmAreaStruct vma, long pfn) {
        int pageFlags = memMap.flags(cpu, pfn);
        if ((pageFlags & PageFlags.ANON) == 0) {
            return false;
        }
        if ((pageFlags & PageFlags.ANON_EXCLUSIVE) != 0) {
            return true;
        }
        if ((pageFlags & PageFlags.ORDER) != 0) {
            return canReuseLarge(cpu, pfn);
        }
        if (hasOtherReferences(cpu, pfn) || !memMap.folioTrylock(cpu, pfn)) {
            return false;
        }
        kernel.swap().folioFreeSwap(cpu, pfn);
        boolean only = memMap.pageRefCount(cpu, pfn) == 1;
        if (only) {
            kernel.rmap().folioMoveAnonRmap(pfn, vma);
            memMap.setFlag(cpu, pfn, PageFlags.ANON_EXCLUSIVE);
        }
        memMap.folioUnlock(cpu, pfn);
        return only;
    }

    /** Differs from a small page in that the folio stays with the anon_vma that it was made under. */
    private boolean canReuseLarge(Cpu cpu, long pfn) {
        boolean alone = memMap.largeFolio(pfn).isMappedByOneAlone(cpu, memMap);
        if (alone) {
            memMap.setFlag(cpu, pfn, PageFlags.ANON_EXCLUSIVE);
        }
        return alone;
    }

    /**
     * True if it is no use to lock the page: somebody besides this mapping, the swap cache and this CPU's LRU batch knows it.
     *
     * <p>Why: draining is worth while only where that can help, and the batches of other CPUs are left alone.
     */
    private boolean hasOtherReferences(Cpu cpu, long pfn) {
        if (memMap.pageRefCount(cpu, pfn) > 3) {
            return true;
        }
        if ((memMap.flags(cpu, pfn) & PageFlags.LRU) == 0) {
            kernel.lru().lruAddDrain(cpu);
        }
        int cached = (memMap.flags(cpu, pfn) & PageFlags.SWAPCACHE) != 0 ? 1 : 0;
        return memMap.pageRefCount(cpu, pfn) > 1 + cached;
    }

    /** An unshare fault leaves the entry as it is; a write gives it D and, if the VMA may be written, R/W. No flush: rights only grow. */
    private void wpPageReuse(Cpu cpu, VmAreaStruct vma, int flags, long ptePaddr) {
        kernel.counters().add(cpu.id(), Counter.PAGE_REUSE, 1);
        if ((flags & VmFault.FLAG_UNSHARE) == 0) {
            long grown = VmFlags.maybeMkwrite(Entry.D | Entry.A | kernel.softDirty().mark(), vma.flags());
            cpu.memory().fetchAndOr(ptePaddr, grown);
        }
    }

    /**
     * Replaces the page by a copy of its own. The caller's extra reference on the old page (unless it is the zero page) is dropped.
     *
     * <p>Mirrors: wp_page_copy().
     * <p>Flush: the old entry is cleared and flushed on all CPUs of the mm before the new one is set and before the old page loses
     * its mapping and references, as another process may take the old page over then.
     */
    private int wpPageCopy(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr, long pte) {
        long oldPfn = Pte.pfn(pte);
        boolean counted = !Pte.isSpecial(pte);
        int prepared = MemoryFault.anonPrepare(kernel, cpu, vma, flags);
        long newPfn = prepared != 0 ? PageAllocator.NO_PAGE : copyOf(cpu, oldPfn);
        vma.mm().notifiers().invalidateRangeStart(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        PtDesc table = newPfn == PageAllocator.NO_PAGE ? null
                : pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        int result = prepared != 0 ? prepared
                : newPfn == PageAllocator.NO_PAGE || table == PtDesc.NO_MEMORY ? VmFault.OOM : 0;
        boolean replaced = false;
        if (table != null && table != PtDesc.NO_MEMORY) {
            long ptePaddr = PageTables.ptePaddr(table, vaddr);
            replaced = Pte.same(cpu.memory().read(ptePaddr), pte);
            if (replaced) {
                replacePage(cpu, vma, vaddr, flags, ptePaddr, oldPfn, newPfn, counted);
            }
            table.ptl().unlock(cpu);
        }
        vma.mm().notifiers().invalidateRangeEnd(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        if (counted) {
            releaseOld(cpu, oldPfn, replaced);
        }
        release(cpu, replaced ? PageAllocator.NO_PAGE : newPfn, 1);
        return result;
    }

    /** The mapping's reference goes, then the slot of a page that only the swap cache wants now, then the fault's own reference. */
    private void releaseOld(Cpu cpu, long pfn, boolean replaced) {
        if (replaced) {
            kernel.putPage(cpu, pfn);
            kernel.swap().freeSwapCache(cpu, pfn);
        }
        kernel.putPage(cpu, pfn);
    }

    private void release(Cpu cpu, long pfn, int references) {
        if (pfn != PageAllocator.NO_PAGE) {
            kernel.putPages(cpu, pfn, references);
        }
    }

    private long copyOf(Cpu cpu, long oldPfn) {
        long newPfn = kernel.pageAllocator().allocPage(cpu);
        if (newPfn != PageAllocator.NO_PAGE) {
            cpu.memory().copyFrame(oldPfn, newPfn);
            kernel.counters().add(cpu.id(), Counter.PAGE_COPY, 1);
        }
        return newPfn;
    }

    private void replacePage(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long ptePaddr, long oldPfn, long newPfn,
            boolean counted) {
        countReplaced(vma.mm(), oldPfn, counted);
        long old = kernel.tlbFlush().ptepClearFlush(cpu, vma.mm(), vaddr, ptePaddr);
        kernel.rmap().folioAddNewAnonRmap(cpu, newPfn, vma, vaddr);
        kernel.lru().folioAddLruVma(cpu, newPfn, vma);
        long entry = Pte.mkyoung(Pte.make(newPfn, vma.pageProt()));
        boolean unshare = (flags & VmFault.FLAG_UNSHARE) != 0;
        long written = VmFlags.maybeMkwrite(Pte.mkdirty(entry) | kernel.softDirty().mark(), vma.flags());
        cpu.memory().write(ptePaddr, unshare ? entry | old & Pte.SOFT_DIRTY : written);
        if (counted) {
            kernel.rmap().folioRemoveRmap(cpu, oldPfn, vma);
        }
    }

    private void countReplaced(MmStruct mm, long oldPfn, boolean counted) {
        @Nullable Rss old = counted ? kernel.rssKind(oldPfn) : null;
        if (old == Rss.ANONPAGES) {
            return;
        }
        if (old != null) {
            mm.addRss(old, -1);
        }
        mm.addRss(Rss.ANONPAGES, 1);
    }
}
