package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.pgtable.FreePgtables;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.Zap.WholeTables;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;

/**
 * Takes mappings out of an address space.
 *
 * <p>Mirrors: do_vmi_align_munmap() and below (mm/vma.c), exit_mmap() (mm/mmap.c).
 * <p>Locks: mmap_lock for writing.
 * <p>Flush: by one gather, before pages and tables are freed.
 */
final class Munmap {
    private final Kernel kernel;
    private final VmaMerge merge;
    private final Zap zap;
    private final FreePgtables freePgtables;

    Munmap(Kernel kernel, VmaMerge merge, Zap zap) {
        this.kernel = kernel;
        this.merge = merge;
        this.zap = zap;
        this.freePgtables = new FreePgtables(kernel.pageTables());
    }

    /** Shared tables at the edges are broken first, so that a failure changes nothing; 0 or -ENOMEM. */
    int unmap(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct first = mm.findVma(start);
        if (first == null || first.start() >= end) {
            return 0;
        }
        boolean punches = first.start() < start && first.end() > end;
        if (punches && mm.vmas().length >= mm.limits().maxMapCount()) {
            return Errno.ENOMEM.code();
        }
        long floor = floor(mm, first, start);
        long ceiling = ceiling(mm, end);
        WholeTables whole = wholeTables(floor, ceiling);
        long from = Math.max(start, first.start());
        if (zap.prepare(cpu, mm, from, lastMapped(mm, end), whole, BreakIntent.UNMAP) == BreakResult.NOMEM) {
            return Errno.ENOMEM.code();
        }
        splitEdges(cpu, mm, start, end);
        VmAreaStruct[] gone = detachVmas(cpu, mm, start, end);
        unmapRegion(cpu, mm, gone, floor, ceiling, whole);
        return 0;
    }

    /** Where the address space that stays ends below the range. */
    private static long floor(MmStruct mm, VmAreaStruct first, long start) {
        if (first.start() < start) {
            return start;
        }
        VmAreaStruct previous = mm.previousVma(first.start());
        return previous == null ? 0 : previous.end();
    }

    /** Where the address space that stays begins above the range; 0 if nothing stays there. */
    private static long ceiling(MmStruct mm, long end) {
        VmAreaStruct next = mm.findVma(end);
        return next == null ? 0 : Math.max(end, next.start());
    }

    private static WholeTables wholeTables(long floor, long ceiling) {
        long from = (floor + PageTables.PMD_BYTES - 1) & -PageTables.PMD_BYTES;
        return new WholeTables(from, ceiling == 0 ? Long.MAX_VALUE : ceiling & -PageTables.PMD_BYTES);
    }

    private static long lastMapped(MmStruct mm, long end) {
        VmAreaStruct above = mm.findVma(end - 1);
        if (above != null && above.contains(end - 1)) {
            return end;
        }
        VmAreaStruct below = mm.previousVma(end - 1);
        return below == null ? end : below.end();
    }

    private void splitEdges(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct first = mm.vmaLookup(start);
        if (first != null && first.start() < start) {
            merge.splitVma(cpu, first, start);
        }
        VmAreaStruct last = mm.vmaLookup(end - 1);
        if (last != null && last.end() > end) {
            merge.splitVma(cpu, last, end);
        }
    }

    private static VmAreaStruct[] detachVmas(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct[] all = mm.vmas();
        int from = VmaArrays.firstEndingAbove(all, start);
        int to = from;
        while (to < all.length && all[to].start() < end) {
            VmAreaStruct vma = all[to++];
            vma.startWrite(cpu);
            mm.removeVma(vma);
            if (vma.has(VmFlags.LOCKED)) {
                mm.addLockedVm(-((vma.end() - vma.start()) >>> 12));
            }
        }
        return Arrays.copyOfRange(all, from, to);
    }

    /** Mirrors: unmap_region(): zap, unlink from rmap, free tables, all behind one gather. */
    private void unmapRegion(Cpu cpu, MmStruct mm, VmAreaStruct[] vmas, long floor, long ceiling, WholeTables whole) {
        MmuGather tlb = new MmuGather(kernel, mm);
        tlb.setDetachedVmas(vmas);
        long start = vmas.length == 0 ? 0 : vmas[0].start();
        long end = vmas.length == 0 ? 0 : vmas[vmas.length - 1].end();
        mm.notifiers().invalidateRangeStart(cpu, start, end, MmuNotifier.Event.UNMAP);
        for (VmAreaStruct vma : vmas) {
            zap.unmapPageRange(cpu, tlb, vma.start(), vma.end(), whole, Zap.Details.DROP_MARKERS);
        }
        for (VmAreaStruct vma : vmas) {
            kernel.rmap().unlinkAnonVmas(cpu, vma);
            vma.unlinkFile(cpu);
        }
        if (vmas.length > 0) {
            freePgtables.freePgtables(cpu, tlb, mm, start, end, floor, ceiling);
        }
        tlb.finish(cpu);
        mm.notifiers().invalidateRangeEnd(cpu, start, end, MmuNotifier.Event.UNMAP);
        for (VmAreaStruct vma : vmas) {
            vma.putFile(cpu);
        }
    }

    /** Unmaps everything. Never allocates. */
    void exitMmap(Cpu cpu, MmStruct mm) {
        mm.notifiers().release(cpu);
        mm.mmapWriteLock(cpu);
        VmAreaStruct[] all = detachVmas(cpu, mm, 0, MemoryMap.TASK_SIZE);
        unmapRegion(cpu, mm, all, 0, 0, WholeTables.ALL);
        mm.mmapWriteUnlock(cpu);
    }
}
