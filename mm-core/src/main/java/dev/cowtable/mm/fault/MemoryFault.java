package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

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
    private final WriteProtectFault writeProtectFault;
    private final SwapFault swapFault;
    private final FileFault fileFault;
    private final NumaFault numaFault;
    private final AnonFolio anonFolio;

    public MemoryFault(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.writeProtectFault = new WriteProtectFault(kernel);
        this.swapFault = new SwapFault(kernel, writeProtectFault);
        this.fileFault = new FileFault(kernel);
        this.numaFault = new NumaFault(kernel);
        this.anonFolio = new AnonFolio(kernel);
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
            return vma.isAnonymous() ? doAnonymousPage(cpu, vma, vaddr, flags, pmdPaddr)
                    : fileFault.doFault(cpu, vma, vaddr, flags, pmdPaddr);
        }
        if (!Pte.isPresent(pte)) {
            return swapFault.doSwapPage(cpu, vma, vaddr, flags, pmdPaddr, pte);
        }
        if (Pte.isProtnone(pte) && vma.has(VmFlags.ACCESS_FLAGS)) {
            return numaFault.doNumaPage(cpu, vma, vaddr, pmdPaddr, pte);
        }
        boolean wantsExclusive = (flags & (VmFault.FLAG_WRITE | VmFault.FLAG_UNSHARE)) != 0;
        if (wantsExclusive && !Pte.isWritable(pte)) {
            return writeProtectFault.doWpPage(cpu, vma, vaddr, flags, pmdPaddr, pte);
        }
        return finishPresent(cpu, vma, vaddr, flags, pmdPaddr);
    }

    /**
     * The entry allows the access: another CPU was faster, a TLB was stale, or only the table itself was write-protected.
     *
     * <p>Why the table is taken: the last of those. Where a design leaves PMD entries writable no write faults for the table's sake.
     */
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
        int prepared = anonPrepare(kernel, cpu, vma, flags);
        if (prepared != 0) {
            return prepared;
        }
        long pfn = anonFolio.alloc(cpu, vma, vaddr, pmdPaddr);
        if (pfn == PageAllocator.NO_PAGE) {
            pfn = kernel.pageAllocator().allocZeroedPage(cpu);
        }
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
        int order = kernel.memMap().folioOrder(pfn);
        long start = AnonFolio.start(vaddr, order);
        boolean won = AnonFolio.rangeIsNone(cpu, table, start, order);
        if (won && order != 0) {
            anonFolio.map(cpu, vma, start, table, newAnonEntry(vma, pfn), order);
        } else if (won) {
            vma.mm().addRss(Rss.ANONPAGES, 1);
            kernel.rmap().folioAddNewAnonRmap(cpu, pfn, vma, vaddr);
            kernel.lru().folioAddLruVma(cpu, pfn, vma);
            cpu.memory().write(PageTables.ptePaddr(table, vaddr), newAnonEntry(vma, pfn));
        }
        table.ptl().unlock(cpu);
        if (!won) {
            kernel.putPage(cpu, pfn);
        }
        return 0;
    }

    private long newAnonEntry(VmAreaStruct vma, long pfn) {
        long pte = Pte.mkyoung(Pte.make(pfn, vma.pageProt()));
        return vma.has(VmFlags.WRITE) ? Pte.mkwrite(Pte.mkdirty(pte)) | kernel.softDirty().mark() : pte;
    }

    /** Mirrors: vmf_anon_prepare(): neighbours may be looked at under mmap_lock only. */
    static int anonPrepare(Kernel kernel, Cpu cpu, VmAreaStruct vma, int flags) {
        if (vma.anonVma() == null) {
            if ((flags & VmFault.FLAG_VMA_LOCK) != 0) {
                return VmFault.RETRY;
            }
            kernel.rmap().anonVmaPrepare(cpu, vma);
        }
        return 0;
    }
}
