package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.Zap.WholeTables;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * MADV_DONTNEED, MADV_DONTNEED_LOCKED and the checks of MADV_FREE.
 *
 * <p>Mirrors: madvise_dontneed_free() (mm/madvise.c), zap_page_range_single().
 * <p>Locks: the VMA's lock or mmap_lock for reading.
 * <p>Flush: by the gather.
 */
final class MadviseDontneed {
    private final Kernel kernel;
    private final Zap zap;

    MadviseDontneed(Kernel kernel, Zap zap) {
        this.kernel = kernel;
        this.zap = zap;
    }

    int advise(Cpu cpu, VmAreaStruct vma, long start, long end, Advice advice) {
        if (isRefused(vma, advice)) {
            return Errno.EINVAL.code();
        }
        return advice == Advice.FREE ? kernel.madvisePages().free(cpu, vma, start, end)
                : dontneed(cpu, vma.mm(), start, end);
    }

    private static boolean isRefused(VmAreaStruct vma, Advice advice) {
        long forbidden = VmFlags.PFNMAP | VmFlags.HUGETLB | (advice == Advice.DONTNEED_LOCKED ? 0 : VmFlags.LOCKED);
        return vma.has(forbidden) || (advice == Advice.FREE && !vma.isAnonymous());
    }

    /** Breaks what must be broken in all VMAs up to the first that is refused; false, with nothing changed, without memory. */
    boolean prepareVmas(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        VmAreaStruct vma = mm.findVma(start);
        boolean prepared = true;
        while (prepared && vma != null && vma.start() < end && !isRefused(vma, advice)) {
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            prepared = prepare(cpu, mm, from, to, advice) == BreakResult.OK;
            vma = mm.findVma(vma.end());
        }
        return prepared;
    }

    /** MADV_FREE may change entries of any table, MADV_DONTNEED detaches whole ones. */
    private BreakResult prepare(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        if (advice == Advice.FREE) {
            return kernel.forkStrategy().breakTables(cpu, mm, start, end, BreakIntent.MADVISE);
        }
        return zap.prepare(cpu, mm, start, end, zap.wholeUnlessGuarded(cpu, mm, start, end), BreakIntent.MADVISE);
    }

    /** Breaks what must be broken first, so that -EAGAIN leaves everything as it was. */
    private int dontneed(Cpu cpu, MmStruct mm, long start, long end) {
        WholeTables whole = zap.wholeUnlessGuarded(cpu, mm, start, end);
        if (zap.prepare(cpu, mm, start, end, whole, BreakIntent.MADVISE) == BreakResult.NOMEM) {
            return Errno.EAGAIN.code();
        }
        MmuGather tlb = new MmuGather(kernel, mm);
        mm.notifiers().invalidateRangeStart(cpu, start, end, MmuNotifier.Event.CLEAR);
        zap.unmapPageRange(cpu, tlb, start, end, whole, Zap.Details.RECLAIM_PT);
        tlb.finish(cpu);
        mm.notifiers().invalidateRangeEnd(cpu, start, end, MmuNotifier.Event.CLEAR);
        return 0;
    }
}
