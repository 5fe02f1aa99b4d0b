package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Handles one fault on one address of a VMA.
 *
 * <p>The entry is read without a lock, what it needs is decided and allocated, and the change is made under the table's lock
 * after the entry was compared again; whoever loses a race returns and lets the access fault once more. A table that is to
 * be changed is taken through {@link PageTables#lockPrivate}, so a shared one is broken first.
 *
 * <p>Mirrors: handle_mm_fault() and below (mm/memory.c).
 * <p>Locks: the VMA's lock or mmap_lock for reading; takes page-table locks.
 */
public final class MemoryFault {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final MemMap memMap;

    public MemoryFault(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.memMap = kernel.memMap();
    }

    /**
     * Handles a fault and counts it for the calling CPU's thread, unless it ends in an error or must be tried again.
     *
     * @param flags {@link VmFault}'s FLAG bits
     * @return {@link VmFault}'s result bits, 0 if the access can be tried again
     */
    public int handleMmFault(Cpu cpu, VmAreaStruct vma, long vaddr, int flags) {
        int result = sanitize(vma, flags) ? doFault(cpu, vma, vaddr & -4096L, unshareOnCowOnly(vma, flags))
                : VmFault.SIGSEGV;
        if ((result & (VmFault.ERROR | VmFault.RETRY)) == 0) {
            kernel.counters().add(cpu.id(), kindOf(result), 1);
        }
        return result;
    }

    private static Counter kindOf(int result) {
        if ((result & VmFault.SPURIOUS) != 0) {
            return Counter.FAULT_SPURIOUS;
        }
        return (result & VmFault.MAJOR) != 0 ? Counter.FAULT_MAJOR : Counter.FAULT_MINOR;
    }

    /** Mirrors: sanitize_fault_flags(). */
    private static boolean sanitize(VmAreaStruct vma, int flags) {
        boolean write = (flags & VmFault.FLAG_WRITE) != 0;
        boolean unshare = (flags & VmFault.FLAG_UNSHARE) != 0;
        if (write && unshare) {
            return false;
        }
        return !write || (vma.has(VmFlags.MAYWRITE) && (vma.has(VmFlags.WRITE) || vma.isCowMapping()));
    }

    private static int unshareOnCowOnly(VmAreaStruct vma, int flags) {
        return vma.isCowMapping() ? flags : flags & ~VmFault.FLAG_UNSHARE;
    }

    private int doFault(Cpu cpu, VmAreaStruct vma, long vaddr, int flags) {
        long pmdPaddr = pageTables.pmdAlloc(cpu, vma.mm(), vaddr);
        if (pmdPaddr == PageTables.NO_ENTRY) {
            return VmFault.OOM;
        }
        long pmd = cpu.memory().read(pmdPaddr);
        if (PageTables.isLeaf(pmd)) {
            throw new UnsupportedOperationException("a fault on an opaque huge page at 0x" + Long.toHexString(vaddr));
        }
        PtDesc table = pageTables.desc(pmd);
        long pte = !PageTables.isTable(pmd) || table == null ? Pte.NONE
                : cpu.memory().read(PageTables.ptePaddr(table, vaddr));
        return handlePteFault(cpu, vma, vaddr, flags, pmdPaddr, pte);
    }

    private int handlePteFault(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr, long pte) {
        if (Pte.isNone(pte)) {
            return vma.isAnonymous() ? doAnonymousPage(cpu, vma, vaddr, flags, pmdPaddr) : VmFault.SIGBUS;
        }
        if (!Pte.isPresent(pte)) {
            throw new UnsupportedOperationException("a fault on an opaque swap entry at 0x" + Long.toHexString(vaddr));
        }
        boolean wantsExclusive = (flags & (VmFault.FLAG_WRITE | VmFault.FLAG_UNSHARE)) != 0;
        if (wantsExclusive && !Pte.isWritable(pte)) {
            return doWpPage(cpu, vma, vaddr, flags, pmdPaddr, pte);
        }
        return finishPresent(cpu, vma, vaddr, flags, pmdPaddr);
    }

    /** The entry allows the access: another CPU was faster, a TLB was stale, or only the table itself was write-protected. */
    private int finishPresent(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr) {
        if ((flags & VmFault.FLAG_WRITE) == 0) {
            return VmFault.SPURIOUS;
        }
        PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        if (table == PtDesc.NO_MEMORY) {
            return VmFault.OOM;
        }
        if (table != null) {
            table.ptl().unlock(cpu);
        }
        return VmFault.SPURIOUS;
    }

    // ---------------------------------------------------------------- nothing there yet

    private int doAnonymousPage(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr) {
        if (vma.has(VmFlags.SHARED)) {
            return VmFault.SIGBUS;
        }
        if (!pageTables.pteAlloc(cpu, vma.mm(), pmdPaddr)) {
            return VmFault.OOM;
        }
        if ((flags & VmFault.FLAG_WRITE) == 0) {
            return mapZeroPage(cpu, vma, vaddr, pmdPaddr);
        }
        int prepared = anonPrepare(cpu, vma, flags);
        if (prepared != 0) {
            return prepared;
        }
        long pfn = kernel.pageAllocator().allocZeroedPage(cpu);
        return pfn == PageAllocator.NO_PAGE ? VmFault.OOM : mapNewPage(cpu, vma, vaddr, pmdPaddr, pfn);
    }

    private int mapZeroPage(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr) {
        PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        if (table == null) {
            return 0;
        }
        if (table == PtDesc.NO_MEMORY) {
            return VmFault.OOM;
        }
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        if (Pte.isNone(cpu.memory().read(ptePaddr))) {
            cpu.memory().write(ptePaddr, Pte.mkspecial(Pte.make(kernel.zeroPfn(), vma.pageProt())));
        }
        table.ptl().unlock(cpu);
        return 0;
    }

    private int mapNewPage(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr, long pfn) {
        PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        if (table == null || table == PtDesc.NO_MEMORY) {
            kernel.putPage(cpu, pfn);
            return table == null ? 0 : VmFault.OOM;
        }
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        boolean won = Pte.isNone(cpu.memory().read(ptePaddr));
        if (won) {
            vma.mm().addRss(Rss.ANONPAGES, 1);
            kernel.rmap().folioAddNewAnonRmap(cpu, pfn, vma, vaddr);
            cpu.memory().write(ptePaddr, newAnonEntry(vma, pfn));
        }
        table.ptl().unlock(cpu);
        if (!won) {
            kernel.putPage(cpu, pfn);
        }
        return 0;
    }

    private static long newAnonEntry(VmAreaStruct vma, long pfn) {
        long pte = Pte.mkyoung(Pte.make(pfn, vma.pageProt()));
        return vma.has(VmFlags.WRITE) ? Pte.mkwrite(Pte.mkdirty(pte)) : pte;
    }

    /** Mirrors: vmf_anon_prepare(): neighbours may be looked at under mmap_lock only. */
    private int anonPrepare(Cpu cpu, VmAreaStruct vma, int flags) {
        if (vma.anonVma() == null) {
            if ((flags & VmFault.FLAG_VMA_LOCK) != 0) {
                return VmFault.RETRY;
            }
            kernel.rmap().anonVmaPrepare(cpu, vma);
        }
        return 0;
    }

    // ---------------------------------------------------------------- present and not writable

    private int doWpPage(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr, long pte) {
        if (vma.has(VmFlags.SHARED)) {
            throw new UnsupportedOperationException("a write fault on a shared file mapping");
        }
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
     * True if the page is this process's alone; it is marked AnonExclusive then.
     *
     * <p>Mirrors: wp_can_reuse_anon_folio() for a small folio. The mapcount is never asked: only references tell of pipes and pins.
     */
    private boolean wpCanReuseAnonFolio(Cpu cpu, VmAreaStruct vma, long pfn) {
        int pageFlags = memMap.flags(cpu, pfn);
        if ((pageFlags & PageFlags.ANON) == 0) {
            return false;
        }
        if ((pageFlags & PageFlags.ANON_EXCLUSIVE) != 0) {
            return true;
        }
        if (memMap.pageRefCount(cpu, pfn) > 1 || !memMap.folioTrylock(cpu, pfn)) {
            return false;
        }
        boolean only = memMap.pageRefCount(cpu, pfn) == 1;
        if (only) {
            kernel.rmap().folioMoveAnonRmap(pfn, vma);
            memMap.setFlag(cpu, pfn, PageFlags.ANON_EXCLUSIVE);
        }
        memMap.folioUnlock(cpu, pfn);
        return only;
    }

    /** An unshare fault leaves the entry as it is; a write gives it D and, if the VMA may be written, R/W. No flush: rights only grow. */
    private void wpPageReuse(Cpu cpu, VmAreaStruct vma, int flags, long ptePaddr) {
        kernel.counters().add(cpu.id(), Counter.PAGE_REUSE, 1);
        if ((flags & VmFault.FLAG_UNSHARE) == 0) {
            long grown = VmFlags.maybeMkwrite(Entry.D | Entry.A, vma.flags());
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
        int prepared = anonPrepare(cpu, vma, flags);
        long newPfn = prepared != 0 ? PageAllocator.NO_PAGE : copyOf(cpu, oldPfn);
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
        release(cpu, counted ? oldPfn : PageAllocator.NO_PAGE, replaced ? 2 : 1);
        release(cpu, replaced ? PageAllocator.NO_PAGE : newPfn, 1);
        return result;
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
        FlushDebt debt = new FlushDebt(vma.mm());
        cpu.memory().exchange(ptePaddr, Pte.NONE);
        debt.owe(vaddr, vaddr + 4096);
        kernel.tlbFlush().settle(cpu, debt);
        kernel.rmap().folioAddNewAnonRmap(cpu, newPfn, vma, vaddr);
        long entry = Pte.mkyoung(Pte.make(newPfn, vma.pageProt()));
        boolean unshare = (flags & VmFault.FLAG_UNSHARE) != 0;
        cpu.memory().write(ptePaddr, unshare ? entry : VmFlags.maybeMkwrite(Pte.mkdirty(entry), vma.flags()));
        if (counted) {
            debt.requireSettled("the old page loses its mapping");
            kernel.rmap().folioRemoveRmap(cpu, oldPfn);
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
