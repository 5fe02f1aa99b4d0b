package dev.cowtable.mm.fault;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.filemap.UptodateFolios;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * A read fault on a file maps the pages around it as well, those that are in memory already.
 *
 * <pre>
 *                          faulting entry
 *                          v
 * | ... | 16 entries from a multiple of 16 | ... |     the window; if the VMA begins inside, it begins there
 *       ^ from                             ^ to        and is as long as ever, up to the end of VMA or table
 * </pre>
 *
 * <p>Mirrors: do_fault_around() (mm/memory.c), filemap_map_pages() (mm/filemap.c).
 * <p>Locks: takes ptl; tries folio locks and passes over pages whose lock is held.
 */
final class FaultAround {
    /** The faulting address is not mapped by this. */
    static final int NOT_MAPPED = -1;

    private static final int WINDOW = 16;

    private final Kernel kernel;
    private final PageTables pageTables;
    private final UptodateFolios folios;

    FaultAround(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.folios = new UptodateFolios(kernel);
    }

    /** Result bits of a fault that is done, or {@link #NOT_MAPPED}; pages around may be mapped then as well. */
    int doFaultAround(Cpu cpu, AddressSpace file, VmAreaStruct vma, long vaddr, long pmdPaddr) {
        if (vma.has(VmFlags.UFFD_WP)) {
            return NOT_MAPPED;
        }
        int pteOffset = Paging.index(vaddr, 1);
        long vmaOffset = (vaddr - vma.start()) >>> 12;
        long vmaPages = (vma.end() - vma.start()) >>> 12;
        long from = Math.max(pteOffset & -WINDOW, pteOffset - Math.min(pteOffset, vmaOffset));
        long to = Math.min(Math.min(from + WINDOW, Paging.ENTRIES), pteOffset + vmaPages - vmaOffset);
        long index = vma.linearPageIndex(vaddr);
        return mapPages(cpu, file, vma, vaddr, pmdPaddr, index + from - pteOffset, index + to - pteOffset);
    }

    private int mapPages(Cpu cpu, AddressSpace file, VmAreaStruct vma, long vaddr, long pmdPaddr, long first,
            long end) {
        long pfn = folios.next(cpu, file, first, end);
        if (pfn < 0) {
            return NOT_MAPPED;
        }
        PtDesc table = pageTables.pteAlloc(cpu, vma.mm(), pmdPaddr)
                ? pageTables.lockPrivate(cpu, vma.mm(), pmdPaddr, vaddr, BreakIntent.FAULT)
                : PtDesc.NO_MEMORY;
        if (table == null || table == PtDesc.NO_MEMORY) {
            kernel.shmem().release(cpu, pfn);
            return table == null ? NOT_MAPPED : VmFault.OOM;
        }
        int result = NOT_MAPPED;
        while (pfn >= 0) {
            long index = kernel.memMap().index(pfn);
            long at = vma.vmaAddress(index);
            if (mapIfNone(cpu, vma, table, at, pfn) && at == vaddr) {
                result = 0;
            }
            kernel.shmem().release(cpu, pfn);
            pfn = folios.next(cpu, file, index + 1, end);
        }
        table.ptl().unlock(cpu);
        return result;
    }

    private boolean mapIfNone(Cpu cpu, VmAreaStruct vma, PtDesc table, long vaddr, long pfn) {
        if (!Pte.isNone(cpu.memory().read(PageTables.ptePaddr(table, vaddr)))) {
            return false;
        }
        kernel.memMap().pageRefAdd(cpu, pfn, 1);
        FileFault.setFilePte(kernel, cpu, vma, table, vaddr, pfn, false);
        vma.mm().addRss(kernel.rssKind(pfn), 1);
        return true;
    }
}
