package dev.cowtable.mm.vma;

import dev.cowtable.mm.Errno;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Advice that only changes a VMA's flags.
 *
 * <p>Mirrors: the second half of madvise_vma_behavior(), madvise_update_vma() (mm/madvise.c).
 * <p>Locks: mmap_lock for writing; write-locks the VMAs that it changes.
 */
final class MadviseFlags {
    private final VmaMerge merge;

    MadviseFlags(VmaMerge merge) {
        this.merge = merge;
    }

    int advise(Cpu cpu, VmAreaStruct vma, long start, long end, Advice advice) {
        if (isRefused(vma, advice)) {
            return Errno.EINVAL.code();
        }
        long flags = newFlags(vma, advice);
        if (flags == vma.flags()) {
            return 0;
        }
        return merge.modifyFlags(cpu, vma, start, end, flags) == null ? Errno.ENOMEM.code() : 0;
    }

    private static boolean isRefused(VmAreaStruct vma, Advice advice) {
        return switch (advice) {
            case WIPEONFORK -> !vma.isAnonymous() || vma.has(VmFlags.SHARED);
            case DOFORK -> vma.has(VmFlags.IO);
            default -> false;
        };
    }

    private static long newFlags(VmAreaStruct vma, Advice advice) {
        long flags = vma.flags();
        return switch (advice) {
            case NORMAL -> flags & ~(VmFlags.RAND_READ | VmFlags.SEQ_READ);
            case SEQUENTIAL -> flags & ~VmFlags.RAND_READ | VmFlags.SEQ_READ;
            case RANDOM -> flags & ~VmFlags.SEQ_READ | VmFlags.RAND_READ;
            case DONTFORK -> flags | VmFlags.DONTCOPY;
            case DOFORK -> flags & ~VmFlags.DONTCOPY;
            case WIPEONFORK -> flags | VmFlags.WIPEONFORK;
            case KEEPONFORK -> flags & ~VmFlags.WIPEONFORK;
            case NOHUGEPAGE -> flags & ~VmFlags.HUGEPAGE | VmFlags.NOHUGEPAGE;
            case HUGEPAGE -> hugepage(vma);
            case UNMERGEABLE -> flags;
            default -> throw new UnsupportedOperationException("madvise " + advice);
        };
    }

    /** Only where no huge page has room. */
    private static long hugepage(VmAreaStruct vma) {
        if (Madvise.holdsHugeRange(vma.start(), vma.end())) {
            throw new UnsupportedOperationException("madvise hugepage");
        }
        return vma.flags() & ~VmFlags.NOHUGEPAGE | VmFlags.HUGEPAGE;
    }
}
