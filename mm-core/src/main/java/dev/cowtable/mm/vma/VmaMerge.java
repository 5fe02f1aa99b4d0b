package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Splitting and merging of VMAs.
 *
 * <pre>
 *   PPPP****NNNN   the range **** gets new flags, or is new:
 *   PPPPPPPPPPPP   merge both         PPPPPPPP....   merge left
 *   ....NNNNNNNN   merge right
 * </pre>
 *
 * <p>Mirrors: vma_merge_new_range(), vma_merge_existing_range(), __split_vma(), vma_modify_flags() (mm/vma.c).
 * <p>Locks: mmap_lock for writing; write-locks every VMA that it changes.
 */
final class VmaMerge {
    private final Kernel kernel;

    VmaMerge(Kernel kernel) {
        this.kernel = kernel;
    }

    // ---------------------------------------------------------------- split

    /** Splits a VMA in two at {@code vaddr}; {@code vma} keeps the lower part, the upper one is returned. */
    VmAreaStruct splitVma(Cpu cpu, VmAreaStruct vma, long vaddr) {
        vma.startWrite(cpu);
        VmAreaStruct upper = vma.dup(vma.mm(), kernel.lockdep());
        upper.startWrite(cpu);
        upper.setRange(vaddr, vma.end());
        upper.setAnonVma(vma.anonVma());
        kernel.rmap().anonVmaClone(cpu, upper, vma);
        vma.setRange(vma.start(), vaddr);
        vma.mm().insertVma(upper);
        return upper;
    }

    // ---------------------------------------------------------------- merge

    /**
     * Joins a new range with its neighbours where that is possible.
     *
     * @return the VMA that covers the range now, or null if a new one is needed
     */
    @Nullable
    VmAreaStruct mergeNewRange(Cpu cpu, MmStruct mm, long start, long end, long flags,
            @Nullable FileMapping file, long pgoff) {
        VmAreaStruct previous = adjacentBelow(mm, start, flags, file, pgoff);
        VmAreaStruct next = adjacentAbove(mm, end, flags, file, pgoff + ((end - start) >> 12));
        boolean left = previous != null && anonVmaMergeable(previous, null);
        boolean right = next != null && anonVmaMergeable(next, null);
        if (left && right && previous != null && next != null && bothMergeable(previous, next)) {
            joinAcross(cpu, previous, next);
            return previous;
        }
        if (left && previous != null) {
            previous.startWrite(cpu);
            previous.setRange(previous.start(), end);
            return previous;
        }
        if (right && next != null) {
            next.startWrite(cpu);
            next.setRange(start, next.end());
            return next;
        }
        return null;
    }

    /** Two neighbours of a new range may become one only if one of them has no anon_vma, or both have the same. */
    private static boolean bothMergeable(VmAreaStruct previous, VmAreaStruct next) {
        return previous.anonVma() == null || next.anonVma() == null || previous.anonVma() == next.anonVma();
    }

    private void joinAcross(Cpu cpu, VmAreaStruct previous, VmAreaStruct next) {
        previous.startWrite(cpu);
        next.startWrite(cpu);
        adoptAnonVma(cpu, previous, next);
        long end = next.end();
        remove(cpu, next);
        previous.setRange(previous.start(), end);
    }

    /**
     * Gives part of a VMA new flags, joining it with neighbours or splitting it.
     *
     * <p>Mirrors: vma_modify_flags().
     *
     * @return the VMA that covers the part now
     */
    VmAreaStruct modifyFlags(Cpu cpu, VmAreaStruct vma, long start, long end, long flags) {
        VmAreaStruct merged = mergeExistingRange(cpu, vma, start, end, flags);
        if (merged != null) {
            return merged;
        }
        VmAreaStruct part = vma;
        if (part.start() < start) {
            part = splitVma(cpu, part, start);
        }
        if (part.end() > end) {
            splitVma(cpu, part, end);
        }
        part.startWrite(cpu);
        part.setFlags(flags);
        return part;
    }

    private @Nullable VmAreaStruct mergeExistingRange(Cpu cpu, VmAreaStruct vma, long start, long end, long flags) {
        MmStruct mm = vma.mm();
        long pgoff = vma.linearPageIndex(start);
        VmAreaStruct below = start == vma.start() ? adjacentBelow(mm, start, flags, vma.file(), pgoff) : null;
        VmAreaStruct above = end == vma.end()
                ? adjacentAbove(mm, end, flags, vma.file(), pgoff + ((end - start) >> 12))
                : null;
        VmAreaStruct previous = below != null && anonVmaMergeable(below, vma) ? below : null;
        VmAreaStruct next = above != null && anonVmaMergeable(above, vma) ? above : null;
        if (previous != null && next != null && bothMergeable(previous, next)) {
            return mergeBoth(cpu, previous, vma, next);
        }
        if (previous != null) {
            return mergeLeft(cpu, previous, vma, end);
        }
        return next != null ? mergeRight(cpu, vma, start, next) : null;
    }

    private VmAreaStruct mergeBoth(Cpu cpu, VmAreaStruct previous, VmAreaStruct vma, VmAreaStruct next) {
        previous.startWrite(cpu);
        vma.startWrite(cpu);
        next.startWrite(cpu);
        adoptAnonVma(cpu, previous, next);
        adoptAnonVma(cpu, previous, vma);
        long end = next.end();
        remove(cpu, vma);
        remove(cpu, next);
        previous.setRange(previous.start(), end);
        return previous;
    }

    private VmAreaStruct mergeLeft(Cpu cpu, VmAreaStruct previous, VmAreaStruct vma, long end) {
        previous.startWrite(cpu);
        vma.startWrite(cpu);
        adoptAnonVma(cpu, previous, vma);
        if (end == vma.end()) {
            remove(cpu, vma);
        } else {
            vma.setRange(end, vma.end());
        }
        previous.setRange(previous.start(), end);
        return previous;
    }

    private VmAreaStruct mergeRight(Cpu cpu, VmAreaStruct vma, long start, VmAreaStruct next) {
        next.startWrite(cpu);
        vma.startWrite(cpu);
        adoptAnonVma(cpu, next, vma);
        if (start == vma.start()) {
            remove(cpu, vma);
        } else {
            vma.setRange(vma.start(), start);
        }
        next.setRange(start, next.end());
        return next;
    }

    /** Mirrors: dup_anon_vma(). */
    private void adoptAnonVma(Cpu cpu, VmAreaStruct target, VmAreaStruct source) {
        if (target.anonVma() == null && source.anonVma() != null) {
            target.setAnonVma(source.anonVma());
            kernel.rmap().anonVmaClone(cpu, target, source);
        }
    }

    private void remove(Cpu cpu, VmAreaStruct vma) {
        vma.mm().removeVma(vma);
        kernel.rmap().unlinkAnonVmas(cpu, vma);
    }

    private static @Nullable VmAreaStruct adjacentBelow(MmStruct mm, long start, long flags, @Nullable FileMapping file,
            long pgoff) {
        VmAreaStruct previous = mm.previousVma(start);
        boolean adjacent = previous != null && previous.end() == start && previous.flags() == flags
                && Objects.equals(previous.file(), file)
                && previous.pgoff() + ((previous.end() - previous.start()) >> 12) == pgoff;
        return adjacent ? previous : null;
    }

    private static @Nullable VmAreaStruct adjacentAbove(MmStruct mm, long end, long flags, @Nullable FileMapping file,
            long pgoff) {
        VmAreaStruct next = mm.findVma(end);
        boolean adjacent = next != null && next.start() == end && next.flags() == flags
                && Objects.equals(next.file(), file) && next.pgoff() == pgoff;
        return adjacent ? next : null;
    }

    /**
     * Whether a range can be taken into {@code target} as far as anon_vmas go: both use the same, or one has none and the other did
     * not inherit its from a parent.
     *
     * <p>Mirrors: is_mergeable_anon_vma().
     */
    private static boolean anonVmaMergeable(VmAreaStruct target, @Nullable VmAreaStruct source) {
        AnonVma targetAnonVma = target.anonVma();
        AnonVma sourceAnonVma = source != null ? source.anonVma() : null;
        if (targetAnonVma == null && sourceAnonVma != null) {
            return source != null && !source.isForkChild();
        }
        if (targetAnonVma != null && sourceAnonVma == null) {
            return !target.isForkChild();
        }
        return targetAnonVma == sourceAnonVma;
    }
}
