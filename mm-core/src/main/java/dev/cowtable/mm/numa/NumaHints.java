package dev.cowtable.mm.numa;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Takes the hardware's access to some entries away, so that the next use of each is seen by a fault.
 *
 * <p>A hint is an entry that the kernel takes as present and the CPU as absent, in a VMA that may be accessed. A shared table is left
 * alone: the scan is only a sample, and not worth a table.
 *
 * <p>Mirrors: change_prot_numa() with the prot_numa part of change_pte_range() (mm/mempolicy.c, mm/mprotect.c).
 * <p>Locks: mmap_lock for reading; takes ptl.
 * <p>Flush: the range, before this returns.
 */
public final class NumaHints {
    private static final long PAGE_NONE = VmFlags.pageProt(0);

    private final Kernel kernel;
    private final MemMap memMap;

    public NumaHints(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
    }

    /** Puts hints in the place of entries of {@code [start, end)} in one VMA; the number of entries changed. */
    public int changeProtNuma(Cpu cpu, VmAreaStruct vma, long start, long end) {
        vma.mm().mmapLock().assertHeld();
        if (!vma.has(VmFlags.ACCESS_FLAGS) || vma.has(VmFlags.PFNMAP | VmFlags.MIXEDMAP | VmFlags.HUGETLB)) {
            return 0;
        }
        vma.mm().notifiers().invalidateRangeStart(cpu, start, end, MmuNotifier.Event.PROTECTION_VMA);
        FlushDebt debt = new FlushDebt(vma.mm());
        PageTables tables = kernel.pageTables();
        int changed = 0;
        long next;
        for (long at = tables.nextPopulatedPmd(cpu, vma.mm(), start, end); at < end;
                at = tables.nextPopulatedPmd(cpu, vma.mm(), next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            PtDesc table = tables.lockTable(cpu, tables.pmdOffset(cpu, vma.mm(), at));
            if (table != null) {
                changed += table.isShared() ? 0 : changeRange(cpu, vma, table, at, next, debt);
                table.ptl().unlock(cpu);
            }
        }
        kernel.tlbFlush().settleIfOwed(cpu, debt);
        vma.mm().notifiers().invalidateRangeEnd(cpu, start, end, MmuNotifier.Event.PROTECTION_VMA);
        return changed;
    }

    private int changeRange(Cpu cpu, VmAreaStruct vma, PtDesc table, long start, long end, FlushDebt debt) {
        int changed = 0;
        for (long at = start; at < end; at += 4096) {
            long ptePaddr = PageTables.ptePaddr(table, at);
            long pte = cpu.memory().read(ptePaddr);
            if (Pte.isPresent(pte) && !Pte.isProtnone(pte) && mayHint(cpu, vma, pte)) {
                setHint(cpu, ptePaddr, pte);
                debt.owe(at, at + 4096);
                changed++;
            }
        }
        return changed;
    }

    /** The hardware may set A and D until the entry is replaced. */
    private static void setHint(Cpu cpu, long ptePaddr, long seen) {
        long old = seen;
        long witness = cpu.memory().compareAndExchange(ptePaddr, old, Pte.modify(old, PAGE_NONE));
        while (witness != old) {
            old = witness;
            witness = cpu.memory().compareAndExchange(ptePaddr, old, Pte.modify(old, PAGE_NONE));
        }
    }

    /** Not the zero page or a PFN; of a private mapping no page that may be pinned or that others map as well. */
    private boolean mayHint(Cpu cpu, VmAreaStruct vma, long pte) {
        long pfn = Pte.pfn(pte);
        if (Pte.isSpecial(pte)) {
            return false;
        }
        if (vma.isCowMapping() && (memMap.folioMaybeDmaPinned(cpu, pfn) || memMap.mapcount(pfn) > 1)) {
            return false;
        }
        int dirtyFile = PageFlags.FILE | PageFlags.DIRTY;
        return (memMap.flags(cpu, pfn) & dirtyFile) != dirtyFile;
    }
}
