package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.rmap.AnonVma;
import dev.cowtable.mmu.cpu.Cpu;
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
 * <p>Mirrors: vma_merge_new_range(), vma_merge_existing_range(), vma_merge_extend(), split_vma(), vma_modify_flags() (mm/vma.c).
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
        vma.mm().insertVma(cpu, upper);
        return upper;
    }

    private static boolean mayNotSplit(MmStruct mm) {
        return mm.vmas().length >= mm.limits().maxMapCount();
    }

    // ---------------------------------------------------------------- new ranges

    /**
     * Joins a new range with its neighbours where that is possible.
     *
     * @return the VMA that covers the range now, or null if a new one is needed
     */
    @Nullable
    VmAreaStruct mergeNewRange(Cpu cpu, MmStruct mm, long start, long end, long flags,
            @Nullable AddressSpace file, long pgoff) {
        return merge(cpu, mm, start, end, flags, file, pgoff, null, false, null);
    }

    /**
     * As {@link #mergeNewRange} for a range to which the pages of {@code source} will be moved.
     *
     * <p>Mirrors: vma_merge_copied_range().
     */
    @Nullable
    VmAreaStruct mergeCopiedRange(Cpu cpu, VmAreaStruct source, long start, long end, long pgoff) {
        return merge(cpu, source.mm(), start, end, source.flags(), source.file(), pgoff, source.anonVma(),
                source.isForkChild(), source);
    }

    /**
     * Grows a VMA into the free space above it, and over the next VMA if that touches then and fits.
     *
     * <p>Mirrors: vma_merge_extend().
     *
     * @return the VMA that covers it all, or null if this kind can not grow
     */
    @Nullable
    VmAreaStruct mergeExtend(Cpu cpu, VmAreaStruct vma, long delta) {
        long pgoff = vma.linearPageIndex(vma.end());
        return merge(cpu, vma.mm(), vma.end(), vma.end() + delta, vma.flags(), vma.file(), pgoff, vma.anonVma(), false,
                null);
    }

    private @Nullable VmAreaStruct merge(Cpu cpu, MmStruct mm, long start, long end, long flags,
            @Nullable AddressSpace file, long pgoff, @Nullable AnonVma anonVma, boolean inherited,
            @Nullable VmAreaStruct copiedFrom) {
        if ((flags & VmFlags.SPECIAL) != 0) {
            return null;
        }
        VmAreaStruct previous = MergeRules.adjacentBelow(mm, start, flags, file, pgoff);
        VmAreaStruct next = MergeRules.adjacentAbove(mm, end, flags, file, pgoff + ((end - start) >> 12));
        if (previous != null && !MergeRules.anonVmaMergeable(previous, anonVma, inherited)) {
            previous = null;
        }
        if (next != null && (!MergeRules.anonVmaMergeable(next, anonVma, inherited)
                || (previous != null && !MergeRules.bothMergeable(previous, next)))) {
            next = null;
        }
        return previous == null && next == null ? null
                : expand(cpu, previous, start, end, next, flags, copiedFrom);
    }

    /** Mirrors: vma_expand(). At least one neighbour is given. */
    private VmAreaStruct expand(Cpu cpu, @Nullable VmAreaStruct previous, long start, long end,
            @Nullable VmAreaStruct next, long flags, @Nullable VmAreaStruct copiedFrom) {
        VmAreaStruct target = previous != null ? previous : requireOne(next);
        long from = previous != null ? previous.start() : start;
        long to = next != null ? next.end() : end;
        target.startWrite(cpu);
        target.addSticky(flags);
        if (previous != null && next != null) {
            next.startWrite(cpu);
            target.addSticky(next.flags());
            adoptAnonVma(cpu, previous, next);
        }
        if (copiedFrom != null) {
            adoptAnonVma(cpu, target, copiedFrom);
        }
        if (previous != null && next != null) {
            remove(cpu, next);
        }
        target.setRange(from, to);
        return target;
    }

    private static VmAreaStruct requireOne(@Nullable VmAreaStruct vma) {
        if (vma == null) {
            throw new IllegalArgumentException("no neighbour to expand");
        }
        return vma;
    }

    // ---------------------------------------------------------------- new flags

    /**
     * Gives part of a VMA new flags, joining it with neighbours or splitting it.
     *
     * <p>Mirrors: vma_modify_flags().
     *
     * @return the VMA that covers the part now, or null (-ENOMEM) if there are too many VMAs to split one
     */
    @Nullable
    VmAreaStruct modifyFlags(Cpu cpu, VmAreaStruct vma, long start, long end, long flags) {
        VmAreaStruct merged = mergeExistingRange(cpu, vma, start, end, flags);
        if (merged != null) {
            return merged;
        }
        VmAreaStruct part = vma;
        if (part.start() < start) {
            if (mayNotSplit(vma.mm())) {
                return null;
            }
            part = splitVma(cpu, part, start);
        }
        if (part.end() > end) {
            if (mayNotSplit(vma.mm())) {
                return null;
            }
            splitVma(cpu, part, end);
        }
        part.startWrite(cpu);
        part.setFlags(flags);
        return part;
    }

    private @Nullable VmAreaStruct mergeExistingRange(Cpu cpu, VmAreaStruct vma, long start, long end, long flags) {
        if ((flags & VmFlags.SPECIAL) != 0) {
            return null;
        }
        MmStruct mm = vma.mm();
        long pgoff = vma.linearPageIndex(start);
        VmAreaStruct below =
                start == vma.start() ? MergeRules.adjacentBelow(mm, start, flags, vma.file(), pgoff) : null;
        VmAreaStruct above = end == vma.end()
                ? MergeRules.adjacentAbove(mm, end, flags, vma.file(), pgoff + ((end - start) >> 12))
                : null;
        VmAreaStruct previous = below != null && mergeable(below, vma) ? below : null;
        VmAreaStruct next = above != null && mergeable(above, vma) ? above : null;
        if (previous != null && next != null && MergeRules.bothMergeable(previous, next)) {
            return mergeBoth(cpu, previous, vma, next, flags);
        }
        if (previous != null) {
            return mergeLeft(cpu, previous, vma, end, flags);
        }
        return next != null ? mergeRight(cpu, vma, start, next, flags) : null;
    }

    private static boolean mergeable(VmAreaStruct target, VmAreaStruct source) {
        return MergeRules.anonVmaMergeable(target, source.anonVma(), source.isForkChild());
    }

    private VmAreaStruct mergeBoth(Cpu cpu, VmAreaStruct previous, VmAreaStruct vma, VmAreaStruct next, long flags) {
        previous.startWrite(cpu);
        vma.startWrite(cpu);
        next.startWrite(cpu);
        previous.addSticky(flags | next.flags());
        adoptAnonVma(cpu, previous, next);
        adoptAnonVma(cpu, previous, vma);
        long end = next.end();
        remove(cpu, vma);
        remove(cpu, next);
        previous.setRange(previous.start(), end);
        return previous;
    }

    private VmAreaStruct mergeLeft(Cpu cpu, VmAreaStruct previous, VmAreaStruct vma, long end, long flags) {
        previous.startWrite(cpu);
        vma.startWrite(cpu);
        previous.addSticky(flags);
        adoptAnonVma(cpu, previous, vma);
        if (end == vma.end()) {
            remove(cpu, vma);
        } else {
            vma.setRange(end, vma.end());
        }
        previous.setRange(previous.start(), end);
        return previous;
    }

    private VmAreaStruct mergeRight(Cpu cpu, VmAreaStruct vma, long start, VmAreaStruct next, long flags) {
        next.startWrite(cpu);
        vma.startWrite(cpu);
        next.addSticky(flags);
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
        vma.unlinkFile(cpu);
        kernel.rmap().unlinkAnonVmas(cpu, vma);
        vma.putFile(cpu);
    }
}
