package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.Zap.WholeTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;

/**
 * MADV_GUARD_INSTALL and MADV_GUARD_REMOVE: markers that make any access a fault, without a VMA of their own.
 *
 * <p>Mirrors: madvise_guard_install(), madvise_guard_remove() (mm/madvise.c).
 * <p>Locks: mmap_lock for reading; takes pmd lock and ptl. VM_MAYBE_GUARD is set while only reading is locked: nobody unsets it, and who
 * reads it holds mmap_lock for writing.
 * <p>Flush: by the gather that unmaps what was there; a marker owes nothing.
 */
final class GuardRegions {
    private static final long GUARD = SwpEntry.makeMarker(SwpEntry.MARKER_GUARD);
    private static final int NO_TABLE = -1;

    private final Kernel kernel;
    private final PageTables pageTables;
    private final Zap zap;

    GuardRegions(Kernel kernel, Zap zap) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.zap = zap;
    }

    private static boolean isRefused(VmAreaStruct vma, boolean install) {
        return vma.has(VmFlags.SPECIAL | VmFlags.HUGETLB | (install ? VmFlags.LOCKED : 0));
    }

    /** Breaks what must be broken in all VMAs up to the first that is refused; false, with nothing changed, without memory. */
    boolean prepareVmas(Cpu cpu, MmStruct mm, long start, long end, boolean install) {
        VmAreaStruct vma = mm.findVma(start);
        boolean prepared = true;
        while (prepared && vma != null && vma.start() < end && !isRefused(vma, install)) {
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            prepared = install
                    ? kernel.forkStrategy().breakTables(cpu, mm, from, to, BreakIntent.MADVISE) == BreakResult.OK
                    : breakGuarded(cpu, mm, from, to);
            vma = mm.findVma(vma.end());
        }
        return prepared;
    }

    // ---------------------------------------------------------------- install

    /** -EAGAIN, with nothing changed, if a shared table could not be broken; -ENOMEM if a table could not be made. */
    int install(Cpu cpu, VmAreaStruct vma, long start, long end) {
        if (isRefused(vma, true)) {
            return Errno.EINVAL.code();
        }
        MmStruct mm = vma.mm();
        if (kernel.forkStrategy().breakTables(cpu, mm, start, end, BreakIntent.MADVISE) == BreakResult.NOMEM) {
            return Errno.EAGAIN.code();
        }
        vma.setFlags(vma.flags() | VmFlags.MAYBE_GUARD);
        if (vma.isAnonymous()) {
            kernel.rmap().anonVmaPrepare(cpu, vma);
        }
        long at = start;
        while (at < end) {
            long next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            int first = installInTable(cpu, mm, at, next);
            if (first == NO_TABLE) {
                return Errno.ENOMEM.code();
            }
            if (first < (int) ((next - at) >>> 12)) {
                drop(cpu, mm, start, end);
            } else {
                at = next;
            }
        }
        return 0;
    }

    /** Sets markers up to the first entry that holds something else; the number of entries passed, or {@link #NO_TABLE}. */
    private int installInTable(Cpu cpu, MmStruct mm, long start, long end) {
        long pmdPaddr = pageTables.pmdAlloc(cpu, mm, start);
        if (pmdPaddr == PageTables.NO_ENTRY || !pageTables.pteAlloc(cpu, mm, pmdPaddr)) {
            return NO_TABLE;
        }
        PtDesc table = pageTables.lockPrivate(cpu, mm, pmdPaddr, start, BreakIntent.MADVISE);
        if (table == PtDesc.NO_MEMORY) {
            return NO_TABLE;
        }
        if (table == null) {
            return 0;
        }
        FramePort entries = cpu.memory().frame(table.pfn());
        int first = Paging.index(start, 1);
        int count = (int) ((end - start) >>> 12);
        int i = 0;
        while (i < count) {
            long pte = entries.read(first + i);
            if (pte == Pte.NONE) {
                entries.write(first + i, GUARD);
            } else if (!SwpEntry.isGuard(pte)) {
                break;
            }
            i++;
        }
        table.ptl().unlock(cpu);
        return i;
    }

    private void drop(Cpu cpu, MmStruct mm, long start, long end) {
        MmuGather tlb = new MmuGather(kernel, mm);
        mm.notifiers().invalidateRangeStart(cpu, start, end, MmuNotifier.Event.CLEAR);
        zap.unmapPageRange(cpu, tlb, start, end, WholeTables.NONE, Zap.Details.KEEP_MARKERS);
        tlb.finish(cpu);
        mm.notifiers().invalidateRangeEnd(cpu, start, end, MmuNotifier.Event.CLEAR);
    }

    // ---------------------------------------------------------------- remove

    /** Clears markers and nothing else, on locked VMAs too. */
    int remove(Cpu cpu, VmAreaStruct vma, long start, long end) {
        if (isRefused(vma, false)) {
            return Errno.EINVAL.code();
        }
        if (!breakGuarded(cpu, vma.mm(), start, end)) {
            return Errno.EAGAIN.code();
        }
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, vma.mm(), start, end); at < end;
                at = pageTables.nextPopulatedPmd(cpu, vma.mm(), next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            removeFromTable(cpu, pageTables.pmdOffset(cpu, vma.mm(), at), at, next);
        }
        return 0;
    }

    /** Breaks the shared tables that hold a marker of the range; false if there is no memory. */
    private boolean breakGuarded(Cpu cpu, MmStruct mm, long start, long end) {
        boolean broken = true;
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end && broken;
                at = pageTables.nextPopulatedPmd(cpu, mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            broken = breakIfGuarded(cpu, mm, pageTables.pmdOffset(cpu, mm, at), at, next) == BreakResult.OK;
        }
        return broken;
    }

    private BreakResult breakIfGuarded(Cpu cpu, MmStruct mm, long pmdPaddr, long start, long end) {
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            return BreakResult.OK;
        }
        boolean mustBreak = table.isShared() && holdsGuard(cpu, table, start, end);
        table.ptl().unlock(cpu);
        return mustBreak ? kernel.forkStrategy().breakTables(cpu, mm, start, end, BreakIntent.MADVISE)
                : BreakResult.OK;
    }

    private static boolean holdsGuard(Cpu cpu, PtDesc table, long start, long end) {
        FramePort entries = cpu.memory().frame(table.pfn());
        int first = Paging.index(start, 1);
        for (int i = first; i < first + (int) ((end - start) >>> 12); i++) {
            if (SwpEntry.isGuard(entries.read(i))) {
                return true;
            }
        }
        return false;
    }

    private void removeFromTable(Cpu cpu, long pmdPaddr, long start, long end) {
        PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
        if (table == null) {
            return;
        }
        FramePort entries = cpu.memory().frame(table.pfn());
        int first = Paging.index(start, 1);
        for (int i = first; !table.isShared() && i < first + (int) ((end - start) >>> 12); i++) {
            if (SwpEntry.isGuard(entries.read(i))) {
                entries.write(i, Pte.NONE);
            }
        }
        table.ptl().unlock(cpu);
    }
}
