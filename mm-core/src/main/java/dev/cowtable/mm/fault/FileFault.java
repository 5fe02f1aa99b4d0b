package dev.cowtable.mm.fault;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.filemap.Shmem;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * A fault on nothing in a file mapping.
 *
 * <p>Mirrors: do_fault() (mm/memory.c).
 * <p>Locks: as {@link MemoryFault}; the folio lock of the file's page is held while the page is mapped or copied.
 */
final class FileFault {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final FaultAround faultAround;

    FileFault(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.faultAround = new FaultAround(kernel);
    }

    int doFault(Cpu cpu, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr) {
        AddressSpace file = vma.file();
        if (file == null || file.isOpaque()) {
            return VmFault.SIGBUS;
        }
        if ((flags & VmFault.FLAG_WRITE) == 0) {
            return doReadFault(cpu, file, vma, vaddr, pmdPaddr);
        }
        return vma.has(VmFlags.SHARED) ? doSharedFault(cpu, file, vma, vaddr, pmdPaddr)
                : doCowFault(cpu, file, vma, vaddr, flags, pmdPaddr);
    }

    // ---------------------------------------------------------------- the three kinds

    private int doReadFault(Cpu cpu, AddressSpace file, VmAreaStruct vma, long vaddr, long pmdPaddr) {
        int around = faultAround.doFaultAround(cpu, file, vma, vaddr, pmdPaddr);
        if (around != FaultAround.NOT_MAPPED) {
            return around;
        }
        long got = kernel.shmem().getFolio(cpu, file, vma.linearPageIndex(vaddr));
        return got < 0 ? faultError(got)
                : finishFault(cpu, vma, vaddr, pmdPaddr, got & ~Shmem.MAJOR, false) | major(got);
    }

    /** A write to a shared mapping: no flush and no copy, the page itself becomes dirty. */
    private int doSharedFault(Cpu cpu, AddressSpace file, VmAreaStruct vma, long vaddr, long pmdPaddr) {
        long got = kernel.shmem().getFolio(cpu, file, vma.linearPageIndex(vaddr));
        return got < 0 ? faultError(got)
                : finishFault(cpu, vma, vaddr, pmdPaddr, got & ~Shmem.MAJOR, true) | major(got);
    }

    /** A write to a private mapping: the file's page is copied and not mapped. */
    private int doCowFault(Cpu cpu, AddressSpace file, VmAreaStruct vma, long vaddr, int flags, long pmdPaddr) {
        int prepared = MemoryFault.anonPrepare(kernel, cpu, vma, flags);
        if (prepared != 0) {
            return prepared;
        }
        long copy = kernel.pageAllocator().allocPage(cpu);
        if (copy == PageAllocator.NO_PAGE) {
            return VmFault.OOM;
        }
        long got = kernel.shmem().getFolio(cpu, file, vma.linearPageIndex(vaddr));
        if (got < 0) {
            kernel.putPage(cpu, copy);
            return faultError(got);
        }
        cpu.memory().copyFrame(got & ~Shmem.MAJOR, copy);
        kernel.counters().add(cpu.id(), Counter.PAGE_COPY, 1);
        int result = finishCow(cpu, vma, vaddr, pmdPaddr, copy) | major(got);
        kernel.shmem().release(cpu, got & ~Shmem.MAJOR);
        return result;
    }

    private static int major(long got) {
        return (got & Shmem.MAJOR) != 0 ? VmFault.MAJOR : 0;
    }

    /** Mirrors: vmf_error(). */
    private static int faultError(long errno) {
        return errno == Errno.ENOMEM.code() ? VmFault.OOM : VmFault.SIGBUS;
    }

    // ---------------------------------------------------------------- mapping the page

    /** Locks the table of an address, made if there is none, if nothing is mapped there; null otherwise. */
    private @Nullable PtDesc lockIfNone(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr) {
        if (!pageTables.pteAlloc(cpu, vma.mm(), pmdPaddr)) {
            return PtDesc.NO_MEMORY;
        }
        PtDesc table = pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT);
        if (table != null && table != PtDesc.NO_MEMORY
                && !Pte.isNone(cpu.memory().read(PageTables.ptePaddr(table, vaddr)))) {
            table.ptl().unlock(cpu);
            return null;
        }
        return table;
    }

    /**
     * Maps the locked page of a file and unlocks it; its reference becomes the mapping's.
     *
     * <p>Mirrors: finish_fault(), then fault_dirty_shared_page() for a write.
     */
    private int finishFault(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr, long pfn, boolean write) {
        PtDesc table = lockIfNone(cpu, vma, vaddr, pmdPaddr);
        if (table == null || table == PtDesc.NO_MEMORY) {
            kernel.shmem().release(cpu, pfn);
            return table == null ? 0 : VmFault.OOM;
        }
        setFilePte(kernel, cpu, vma, table, vaddr, pfn, write);
        vma.mm().addRss(kernel.rssKind(pfn), 1);
        table.ptl().unlock(cpu);
        if (write) {
            kernel.memMap().setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        kernel.memMap().folioUnlock(cpu, pfn);
        return 0;
    }

    /**
     * Sets the entry of a file's page and counts the mapping.
     *
     * <p>Mirrors: set_pte_range(). A page that is dirty already gets a dirty entry where that may be written, so that
     * the hardware need not set the bit.
     * <p>Locks: ptl of the table, which is private; the folio lock.
     */
    static void setFilePte(Kernel kernel, Cpu cpu, VmAreaStruct vma, PtDesc table, long vaddr, long pfn,
            boolean write) {
        long entry = Pte.mkyoung(Pte.make(pfn, vma.pageProt()));
        if (write) {
            entry = VmFlags.maybeMkwrite(Pte.mkdirty(entry), vma.flags());
        } else if (Pte.isWritable(entry) && (kernel.memMap().flags(cpu, pfn) & PageFlags.DIRTY) != 0) {
            entry = Pte.mkdirty(entry);
        }
        kernel.rmap().folioAddFileRmap(cpu, pfn, vma);
        cpu.memory().write(PageTables.ptePaddr(table, vaddr), entry);
    }

    private int finishCow(Cpu cpu, VmAreaStruct vma, long vaddr, long pmdPaddr, long copy) {
        PtDesc table = lockIfNone(cpu, vma, vaddr, pmdPaddr);
        if (table == null || table == PtDesc.NO_MEMORY) {
            kernel.putPage(cpu, copy);
            return table == null ? 0 : VmFault.OOM;
        }
        kernel.rmap().folioAddNewAnonRmap(cpu, copy, vma, vaddr);
        kernel.lru().folioAddLruVma(cpu, copy, vma);
        long entry = Pte.mkdirty(Pte.mkyoung(Pte.make(copy, vma.pageProt())));
        cpu.memory().write(PageTables.ptePaddr(table, vaddr), VmFlags.maybeMkwrite(entry, vma.flags()));
        vma.mm().addRss(Rss.ANONPAGES, 1);
        table.ptl().unlock(cpu);
        return 0;
    }
}
