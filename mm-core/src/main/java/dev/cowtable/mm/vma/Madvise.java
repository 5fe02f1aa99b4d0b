package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The madvise() and process_madvise() system calls: which lock, which VMAs, and who does the work.
 *
 * <p>A hole in the range gives -ENOMEM after the parts that are mapped were advised; any other error ends the call at once.
 *
 * <p>Mirrors: do_madvise(), madvise_walk_vmas(), madvise_vma_behavior(), vector_madvise() (mm/madvise.c).
 * <p>Locks: {@link Advice.Lock}.
 * <p>Differs: -EAGAIN, with nothing changed, where a shared page table can not be broken for lack of memory.
 */
final class Madvise {
    private final Kernel kernel;
    private final MadviseFlags flagAdvice;
    private final MadviseDontneed dontneed;
    private final GuardRegions guardRegions;
    private final Populate populate;
    private final WillNeed willNeed;

    Madvise(Kernel kernel, VmaMerge merge, Zap zap, Populate populate) {
        this.kernel = kernel;
        this.flagAdvice = new MadviseFlags(merge);
        this.dontneed = new MadviseDontneed(kernel, zap);
        this.guardRegions = new GuardRegions(kernel, zap);
        this.populate = populate;
        this.willNeed = new WillNeed(kernel);
    }

    /** Advice for one range; what it writes to swap reaches the device when all of the range has been advised. */
    int madvise(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        if (end <= start) {
            return end < start ? Errno.EINVAL.code() : 0;
        }
        Operation operation = advice.operation();
        if (operation != null) {
            kernel.forkStrategy().require(cpu, mm, operation, start, end);
        }
        kernel.swap().startPlug(cpu);
        int result = locked(cpu, mm, start, end, advice);
        kernel.swap().finishPlug(cpu);
        return result;
    }

    private int locked(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        return switch (advice.lock()) {
            case VMA_READ -> underVmaLock(cpu, mm, start, end, advice);
            case MMAP_READ -> underReadLock(cpu, mm, start, end, advice);
            case MMAP_WRITE -> {
                mm.mmapWriteLock(cpu);
                int result = walkVmas(cpu, mm, start, end, advice);
                mm.mmapWriteUnlock(cpu);
                yield result;
            }
        };
    }

    /** Advice for one range of a process: the bytes advised, or a negative errno. */
    long processMadvise(Cpu cpu, MmStruct caller, MmStruct target, long start, long end, Advice advice) {
        if (caller != target && !advice.isRemoteValid()) {
            return Errno.EINVAL.code();
        }
        int error = madvise(cpu, target, start, end, advice);
        return error != 0 ? error : end - start;
    }

    private int underVmaLock(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        VmAreaStruct vma = mm.vmaLookup(start);
        if (vma != null && vma.startRead(cpu)) {
            boolean inOne = vma.start() <= start && end <= vma.end();
            int result = inOne ? adviseVma(cpu, vma, start, end, advice) : 0;
            vma.endRead(cpu);
            if (inOne) {
                return result;
            }
        }
        return underReadLock(cpu, mm, start, end, advice);
    }

    private int underReadLock(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        mm.mmapLock().downRead(cpu);
        int result = switch (advice) {
            case POPULATE_READ -> populate.faultinPageRange(cpu, mm, start, end, false);
            case POPULATE_WRITE -> populate.faultinPageRange(cpu, mm, start, end, true);
            case DONTNEED, DONTNEED_LOCKED, FREE -> dontneed.prepareVmas(cpu, mm, start, end, advice)
                    ? walkVmas(cpu, mm, start, end, advice) : Errno.EAGAIN.code();
            case GUARD_INSTALL, GUARD_REMOVE ->
                    guardRegions.prepareVmas(cpu, mm, start, end, advice == Advice.GUARD_INSTALL)
                            ? walkVmas(cpu, mm, start, end, advice) : Errno.EAGAIN.code();
            default -> walkVmas(cpu, mm, start, end, advice);
        };
        mm.mmapLock().upRead(cpu);
        return result;
    }

    private int walkVmas(Cpu cpu, MmStruct mm, long start, long end, Advice advice) {
        int unmapped = 0;
        long at = start;
        while (at < end) {
            VmAreaStruct vma = mm.findVma(at);
            if (vma == null || vma.start() >= end) {
                return Errno.ENOMEM.code();
            }
            if (vma.start() > at) {
                unmapped = Errno.ENOMEM.code();
                at = vma.start();
            }
            long to = Math.min(vma.end(), end);
            int error = adviseVma(cpu, vma, at, to, advice);
            if (error != 0) {
                return error;
            }
            at = to;
        }
        return unmapped;
    }

    private int adviseVma(Cpu cpu, VmAreaStruct vma, long start, long end, Advice advice) {
        return switch (advice) {
            case DONTNEED, DONTNEED_LOCKED, FREE -> dontneed.advise(cpu, vma, start, end, advice);
            case COLD -> isOnLru(vma) ? kernel.madvisePages().cold(cpu, vma, start, end) : Errno.EINVAL.code();
            case PAGEOUT -> isOnLru(vma) ? kernel.madvisePages().pageout(cpu, vma, start, end) : Errno.EINVAL.code();
            case WILLNEED -> willNeed.advise(cpu, vma, start, end);
            case GUARD_INSTALL -> guardRegions.install(cpu, vma, start, end);
            case GUARD_REMOVE -> guardRegions.remove(cpu, vma, start, end);
            case COLLAPSE -> collapse(vma);
            default -> flagAdvice.advise(cpu, vma, start, end, advice);
        };
    }

    /** Mirrors: can_madv_lru_vma(). */
    private static boolean isOnLru(VmAreaStruct vma) {
        return !vma.has(VmFlags.LOCKED | VmFlags.PFNMAP | VmFlags.HUGETLB);
    }

    /** A VMA without an aligned 2 MiB can have no huge page. */
    private static int collapse(VmAreaStruct vma) {
        if (holdsHugeRange(vma.start(), vma.end())) {
            throw new UnsupportedOperationException("madvise collapse");
        }
        return Errno.EINVAL.code();
    }

    static boolean holdsHugeRange(long start, long end) {
        long first = (start + PageTables.PMD_BYTES - 1) & -PageTables.PMD_BYTES;
        return first + PageTables.PMD_BYTES <= end;
    }
}
