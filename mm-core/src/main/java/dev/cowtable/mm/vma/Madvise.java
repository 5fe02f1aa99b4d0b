package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.Zap.WholeTables;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The madvise() system call.
 *
 * <p>Mirrors: mm/madvise.c. A hole in the range gives -ENOMEM, after the parts that are mapped were advised.
 * <p>Locks: advice that changes VMA flags takes mmap_lock for writing; MADV_DONTNEED the VMA's lock for reading, or mmap_lock for
 * reading where the range is not in one VMA.
 */
final class Madvise {
    private final Kernel kernel;
    private final VmaMerge merge;
    private final Zap zap;

    Madvise(Kernel kernel, VmaMerge merge, Zap zap) {
        this.kernel = kernel;
        this.merge = merge;
        this.zap = zap;
    }

    int madvise(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        if (end < start) {
            return Errno.EINVAL.code();
        }
        if (end == start) {
            return 0;
        }
        return advice.changesFlags() ? changeFlags(cpu, mm, start, end, advice) : dontneed(cpu, mm, start, end);
    }

    // ---------------------------------------------------------------- advice that changes VMA flags

    private int changeFlags(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        mm.mmapWriteLock(cpu);
        int result = 0;
        long at = start;
        VmAreaStruct vma = mm.findVma(start);
        while (at < end && vma != null && vma.start() < end && result != Errno.EINVAL.code()) {
            if (vma.start() > at) {
                result = Errno.ENOMEM.code();
                at = vma.start();
            }
            long to = Math.min(vma.end(), end);
            if (isRefused(vma, advice)) {
                result = Errno.EINVAL.code();
            } else {
                adviseVma(cpu, vma, at, to, advice);
                at = to;
                vma = mm.findVma(at);
            }
        }
        mm.mmapWriteUnlock(cpu);
        return result == 0 && at < end ? Errno.ENOMEM.code() : result;
    }

    private static boolean isRefused(VmAreaStruct vma, Advice advice) {
        return switch (advice) {
            case WIPEONFORK -> !vma.isAnonymous() || vma.has(VmFlags.SHARED);
            case KEEPONFORK -> false;
            case DOFORK -> vma.has(VmFlags.IO);
            case DONTFORK, DONTNEED -> false;
        };
    }

    private void adviseVma(Cpu cpu, VmAreaStruct vma, long start, long end, Advice advice) {
        long flags = switch (advice) {
            case DONTFORK -> vma.flags() | VmFlags.DONTCOPY;
            case DOFORK -> vma.flags() & ~VmFlags.DONTCOPY;
            case WIPEONFORK -> vma.flags() | VmFlags.WIPEONFORK;
            case KEEPONFORK -> vma.flags() & ~VmFlags.WIPEONFORK;
            case DONTNEED -> vma.flags();
        };
        if (flags != vma.flags()) {
            merge.modifyFlags(cpu, vma, start, end, flags);
        }
    }

    // ---------------------------------------------------------------- MADV_DONTNEED

    private int dontneed(Cpu cpu, MmStruct mm, long start, long end) {
        VmAreaStruct vma = mm.vmaLookup(start);
        if (vma != null && vma.startRead(cpu)) {
            boolean inOne = vma.start() <= start && end <= vma.end();
            int result = inOne ? dontneedRange(cpu, mm, start, end) : 0;
            vma.endRead(cpu);
            if (inOne) {
                return result;
            }
        }
        mm.mmapLock().downRead(cpu);
        int result = dontneedRange(cpu, mm, start, end);
        mm.mmapLock().upRead(cpu);
        return result;
    }

    /** Breaks what must be broken in all VMAs first, so that -EAGAIN leaves everything as it was. */
    private int dontneedRange(Cpu cpu, MmStruct mm, long start, long end) {
        for (VmAreaStruct vma = mm.findVma(start); vma != null && vma.start() < end; vma = mm.findVma(vma.end())) {
            long from = Math.max(start, vma.start());
            long to = Math.min(end, vma.end());
            if (!isZappable(vma)) {
                break;
            }
            if (zap.prepare(cpu, mm, from, to, new WholeTables(from, to), BreakIntent.MADVISE) == BreakResult.NOMEM) {
                return Errno.EAGAIN.code();
            }
        }
        return zapVmas(cpu, mm, start, end);
    }

    private int zapVmas(Cpu cpu, MmStruct mm, long start, long end) {
        MmuGather tlb = new MmuGather(kernel, mm);
        int result = 0;
        long at = start;
        for (VmAreaStruct vma = mm.findVma(start); at < end && vma != null && vma.start() < end; vma = mm.findVma(at)) {
            long from = Math.max(at, vma.start());
            result = from > at ? Errno.ENOMEM.code() : result;
            at = Math.min(end, vma.end());
            if (!isZappable(vma)) {
                result = Errno.EINVAL.code();
                break;
            }
            zap.unmapPageRange(cpu, tlb, from, at, new WholeTables(from, at), true);
        }
        tlb.finish(cpu);
        return result == 0 && at < end ? Errno.ENOMEM.code() : result;
    }

    private static boolean isZappable(VmAreaStruct vma) {
        return !vma.has(VmFlags.LOCKED | VmFlags.PFNMAP | VmFlags.HUGETLB);
    }
}
