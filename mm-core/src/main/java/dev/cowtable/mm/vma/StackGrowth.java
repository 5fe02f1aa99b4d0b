package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Lets a stack grow down to an address that faulted below it.
 *
 * <p>Mirrors: expand_stack(), expand_downwards() (mm/vma.c).
 * <p>Locks: takes mmap_lock for writing; the caller held it for reading before and looks everything up again.
 */
final class StackGrowth {
    private static final long GUARD_GAP_BYTES = 256L << 12;
    private static final long MMAP_MIN_ADDR = 65536;

    private final Kernel kernel;

    StackGrowth(Kernel kernel) {
        this.kernel = kernel;
    }

    /** True if the address lies in a VMA now. */
    boolean expand(Cpu cpu, MmStruct mm, long vaddr) {
        mm.mmapWriteLock(cpu);
        VmAreaStruct vma = mm.findVma(vaddr);
        boolean covered = vma != null && (vma.start() <= vaddr || expandDownwards(cpu, vma, vaddr & -4096L));
        mm.mmapWriteUnlock(cpu);
        return covered;
    }

    private boolean expandDownwards(Cpu cpu, VmAreaStruct vma, long start) {
        MmStruct mm = vma.mm();
        long pages = (vma.start() - start) >>> 12;
        if (!vma.has(VmFlags.GROWSDOWN) || start < MMAP_MIN_ADDR || isInGuardGap(mm, vma, start)
                || pages > vma.pgoff() || !permits(mm, vma, start, pages)) {
            return false;
        }
        kernel.rmap().anonVmaPrepare(cpu, vma);
        vma.startWrite(cpu);
        vma.setRange(start, vma.end());
        if (vma.has(VmFlags.LOCKED)) {
            mm.addLockedVm(pages);
        }
        return true;
    }

    private static boolean isInGuardGap(MmStruct mm, VmAreaStruct vma, long start) {
        VmAreaStruct below = mm.previousVma(vma.start());
        return below != null && !below.has(VmFlags.GROWSDOWN) && below.has(VmFlags.ACCESS_FLAGS)
                && start - below.end() < GUARD_GAP_BYTES;
    }

    /** Mirrors: acct_stack_growth(). */
    private static boolean permits(MmStruct mm, VmAreaStruct vma, long start, long pages) {
        Rlimits limits = mm.limits();
        boolean mayLock = !vma.has(VmFlags.LOCKED) || limits.mayLock(mm.lockedVm() + pages);
        return mayLock && limits.mayExpand(mm, pages << 12) && vma.end() - start <= limits.stackBytes();
    }
}
