package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The mremap() system call.
 *
 * <p>A move without a change of size may span several VMAs: each is moved by itself, and gaps stay gaps.
 *
 * <p>Mirrors: do_mremap(), remap_move(), mremap_to(), mremap_at() (mm/mremap.c).
 * <p>Locks: mmap_lock for writing; dropped before a locked VMA's new part is faulted in.
 * <p>Differs: shared page tables at the source, and at the edges of the target, are broken before anything changes: -ENOMEM then leaves all
 * as it was.
 */
final class Mremap {
    static final int MAYMOVE = 1;
    static final int FIXED = 2;
    static final int DONTUNMAP = 4;

    /** A move may split two VMAs and add one. */
    private static final int SPARE_MAPS = 3;

    private final Kernel kernel;
    private final VmaMerge merge;
    private final Munmap munmap;
    private final MoveVma moveVma;
    private final Populate populate;

    Mremap(Kernel kernel, VmaMerge merge, Munmap munmap, Populate populate) {
        this.kernel = kernel;
        this.merge = merge;
        this.munmap = munmap;
        this.moveVma = new MoveVma(kernel, merge, munmap);
        this.populate = populate;
    }

    /** 0 or a negative errno. */
    int mremap(Cpu cpu, Remap remap) {
        int error = checkParams(remap);
        if (error != 0) {
            return error;
        }
        MmStruct mm = remap.mm;
        mm.mmapWriteLock(cpu);
        error = breakTables(cpu, remap);
        if (error == 0) {
            error = remap.isMoveOnly() ? moveRange(cpu, remap) : remapOne(cpu, remap);
        }
        mm.mmapWriteUnlock(cpu);
        if (error == 0 && remap.populateBytes > 0) {
            long from = remap.newAddr + remap.oldLen;
            populate.mmPopulate(cpu, mm, from, from + remap.populateBytes, true);
        }
        return error;
    }

    /** Mirrors: check_mremap_params(). */
    private static int checkParams(Remap remap) {
        if (remap.newLen <= 0 || remap.oldLen < 0 || remap.newLen > MemoryMap.TASK_SIZE) {
            return Errno.EINVAL.code();
        }
        if (!remap.impliesNewAddr()) {
            return 0;
        }
        boolean misplaced = remap.newAddr < 0 || remap.newAddr > MemoryMap.TASK_SIZE - remap.newLen;
        boolean resizesButStays = remap.has(DONTUNMAP) && remap.oldLen != remap.newLen;
        if (misplaced || !remap.has(MAYMOVE) || resizesButStays || remap.overlaps()) {
            return Errno.EINVAL.code();
        }
        int maps = remap.mm.vmas().length;
        return maps + 2 >= remap.mm.limits().maxMapCount() - SPARE_MAPS ? Errno.ENOMEM.code() : 0;
    }

    /** Breaks the tables whose entries will move, and those that the target shares with what lies beside it. */
    private int breakTables(Cpu cpu, Remap remap) {
        if (!remap.impliesNewAddr()) {
            return 0;
        }
        long newEnd = remap.newAddr + remap.newLen;
        boolean broken = breaks(cpu, remap, remap.addr, remap.addr + remap.oldLen)
                && breaksEdge(cpu, remap, remap.newAddr, newEnd, remap.newAddr)
                && breaksEdge(cpu, remap, remap.newAddr, newEnd, newEnd - 1);
        return broken ? 0 : Errno.ENOMEM.code();
    }

    /** A block that is covered whole loses its table when the target is unmapped. */
    private boolean breaksEdge(Cpu cpu, Remap remap, long start, long end, long vaddr) {
        long block = vaddr & -PageTables.PMD_BYTES;
        boolean whole = start <= block && block + PageTables.PMD_BYTES <= end;
        return whole || breaks(cpu, remap, block, block + PageTables.PMD_BYTES);
    }

    private boolean breaks(Cpu cpu, Remap remap, long start, long end) {
        return kernel.forkStrategy().breakTables(cpu, remap.mm, start, end, BreakIntent.MREMAP) == BreakResult.OK;
    }

    // ---------------------------------------------------------------- several VMAs

    /** Mirrors: remap_move(). Nothing may be missing at the start; a VMA that fails ends the call, those before it have moved. */
    private int moveRange(Cpu cpu, Remap remap) {
        MmStruct mm = remap.mm;
        long start = remap.addr;
        long end = start + remap.oldLen;
        long delta = remap.newAddr - start;
        long at = start;
        VmAreaStruct vma = mm.vmaLookup(start);
        if (vma == null) {
            return Errno.EFAULT.code();
        }
        int error = 0;
        while (error == 0 && at < end && vma != null && vma.start() < end) {
            remap.vma = vma;
            remap.addr = Math.max(at, vma.start());
            at = Math.min(end, vma.end());
            remap.oldLen = at - remap.addr;
            remap.newLen = remap.oldLen;
            remap.newAddr = remap.addr + delta;
            error = checkVma(remap);
            if (error == 0) {
                error = remapTo(cpu, remap);
            }
            vma = mm.findVma(at);
        }
        return error;
    }

    // ---------------------------------------------------------------- one VMA

    private int remapOne(Cpu cpu, Remap remap) {
        remap.vma = remap.mm.vmaLookup(remap.addr);
        int error = remap.vma == null ? Errno.EFAULT.code() : checkVma(remap);
        if (error != 0) {
            return error;
        }
        if (remap.impliesNewAddr()) {
            return remapTo(cpu, remap);
        }
        if (remap.shrinks()) {
            return munmap.unmap(cpu, remap.mm, remap.addr + remap.newLen, remap.addr + remap.oldLen);
        }
        return remap.expands() ? expand(cpu, remap) : 0;
    }

    /** Mirrors: check_prep_vma(). Where the range only shrinks in place, it may end anywhere. */
    private static int checkVma(Remap remap) {
        if (!remap.impliesNewAddr() && !remap.expands()) {
            return 0;
        }
        VmAreaStruct vma = remap.requireVma();
        long oldLen = remap.shrinks() ? remap.newLen : remap.oldLen;
        long fixedSize = VmFlags.DONTEXPAND | VmFlags.PFNMAP;
        boolean duplicatesPrivate = oldLen == 0 && !vma.has(VmFlags.SHARED | VmFlags.MAYSHARE);
        if (duplicatesPrivate || (remap.has(DONTUNMAP) && vma.has(fixedSize))) {
            return Errno.EINVAL.code();
        }
        if (oldLen > vma.end() - remap.addr) {
            return Errno.EFAULT.code();
        }
        return remap.newLen == oldLen ? 0 : checkGrowth(remap, vma, vma.has(fixedSize));
    }

    private static int checkGrowth(Remap remap, VmAreaStruct vma, boolean fixedSize) {
        MmStruct mm = remap.mm;
        long delta = remap.newLen - remap.oldLen;
        if (fixedSize) {
            return Errno.EFAULT.code();
        }
        if (vma.has(VmFlags.LOCKED) && !mm.limits().mayLock(mm.lockedVm() + (delta >>> 12))) {
            return Errno.EAGAIN.code();
        }
        return mm.limits().mayExpand(mm, delta) ? 0 : Errno.ENOMEM.code();
    }

    /** Mirrors: mremap_to(): what is at the target goes first, then the tail that the VMA loses. */
    private int remapTo(Cpu cpu, Remap remap) {
        MmStruct mm = remap.mm;
        int error = munmap.unmap(cpu, mm, remap.newAddr, remap.newAddr + remap.newLen);
        if (error == 0 && remap.shrinks()) {
            error = munmap.unmap(cpu, mm, remap.addr + remap.newLen, remap.addr + remap.oldLen);
            remap.oldLen = error == 0 ? remap.newLen : remap.oldLen;
        }
        if (error != 0) {
            return error;
        }
        remap.vma = mm.vmaLookup(remap.addr);
        if (remap.vma == null) {
            return Errno.EFAULT.code();
        }
        if (remap.has(DONTUNMAP) && !mm.limits().mayExpand(mm, remap.oldLen)) {
            return Errno.ENOMEM.code();
        }
        return moveVma.move(cpu, remap);
    }

    /** Mirrors: expand_vma(), expand_vma_in_place(). */
    private int expand(Cpu cpu, Remap remap) {
        VmAreaStruct vma = remap.requireVma();
        long delta = remap.newLen - remap.oldLen;
        if (!canExpandInPlace(remap, vma, delta)) {
            if (remap.has(MAYMOVE)) {
                throw new UnsupportedOperationException("mremap to a place that the kernel chooses");
            }
            return Errno.ENOMEM.code();
        }
        remap.newAddr = remap.addr;
        VmAreaStruct grown = merge.mergeExtend(cpu, vma, delta);
        if (grown == null) {
            return Errno.ENOMEM.code();
        }
        if (grown.has(VmFlags.LOCKED)) {
            remap.mm.addLockedVm(delta >>> 12);
            remap.populateBytes = delta;
        }
        return 0;
    }

    private static boolean canExpandInPlace(Remap remap, VmAreaStruct vma, long delta) {
        VmAreaStruct above = vma.mm().findVma(vma.end());
        long end = vma.end() + delta;
        return vma.end() - remap.addr == remap.oldLen && end <= MemoryMap.TASK_SIZE
                && (above == null || above.start() >= end);
    }
}
