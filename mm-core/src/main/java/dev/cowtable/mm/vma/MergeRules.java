package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.rmap.AnonVma;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When two ranges may be one VMA.
 *
 * <p>Mirrors: can_vma_merge_before(), can_vma_merge_after(), is_mergeable_anon_vma() (mm/vma.c).
 */
final class MergeRules {
    private MergeRules() {
    }

    /** Flags are the same but for those that a merge joins: VM_STICKY. */
    static boolean sameFlags(long a, long b) {
        return ((a ^ b) & ~VmFlags.STICKY) == 0;
    }

    /** The VMA that ends at {@code start} and could go on from there, as far as flags, file and offset tell. */
    static @Nullable VmAreaStruct adjacentBelow(MmStruct mm, long start, long flags, @Nullable AddressSpace file,
            long pgoff) {
        VmAreaStruct previous = mm.previousVma(start);
        boolean adjacent = previous != null && previous.end() == start && sameFlags(previous.flags(), flags)
                && Objects.equals(previous.file(), file)
                && previous.pgoff() + ((previous.end() - previous.start()) >> 12) == pgoff;
        return adjacent ? previous : null;
    }

    /** The VMA that begins at {@code end} and could begin earlier, as far as flags, file and offset tell. */
    static @Nullable VmAreaStruct adjacentAbove(MmStruct mm, long end, long flags, @Nullable AddressSpace file,
            long pgoff) {
        VmAreaStruct next = mm.findVma(end);
        boolean adjacent = next != null && next.start() == end && sameFlags(next.flags(), flags)
                && Objects.equals(next.file(), file) && next.pgoff() == pgoff;
        return adjacent ? next : null;
    }

    /**
     * Whether a range can be taken into {@code target} as far as anon_vmas go: both use the same, or one has none and the other did
     * not inherit its from a parent.
     *
     * @param source the anon_vma that the range's pages belong to
     * @param sourceIsForkChild whether it was inherited
     */
    static boolean anonVmaMergeable(VmAreaStruct target, @Nullable AnonVma source, boolean sourceIsForkChild) {
        AnonVma own = target.anonVma();
        if (own == null && source != null) {
            return !sourceIsForkChild;
        }
        if (own != null && source == null) {
            return !target.isForkChild();
        }
        return own == source;
    }

    /** Two neighbours of a range may become one only if one of them has no anon_vma, or both have the same. */
    static boolean bothMergeable(VmAreaStruct previous, VmAreaStruct next) {
        return previous.anonVma() == null || next.anonVma() == null || previous.anonVma() == next.anonVma();
    }
}
