package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.VectorInput;
import java.util.Arrays;

/**
 * A shape with addresses: where its entries point, and where its access may end.
 *
 * <p>There is a candidate target for each level whose entry can be a leaf by its shape: level 1, levels 2 and 3 under
 * PS. They lie in different 2 MiB, so that what the access read or changed tells at which level the walk ended.
 */
final class Placement {
    static final int LEAF_LEVELS = 3;
    static final long NONE = -1;

    private static final long PRESENT = 1;
    private static final long PAGE_SIZE = 1L << 7;
    private static final long LARGE_OFFSET = GuestLayout.LARGE_PAGE_BYTES - 1;
    private static final long HUGE_OFFSET = (1L << 30) - 1;
    private static final int PAGES_OF_TARGET = GuestLayout.LARGE_PAGE_BYTES / GuestLayout.PAGE_BYTES;
    /** Of multiplicative hashing: successive turns visit all pages of all targets. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final boolean gigabytePages;
    private final long frameBits;
    private final long[] entries = new long[VectorInput.LEVELS + 1];
    private final long[] candidates = new long[LEAF_LEVELS + 1];
    private final long[] targetOffsets = new long[LEAF_LEVELS + 1];
    private long vaddr;

    Placement(boolean gigabytePages, int maxPhyAddr) {
        this.gigabytePages = gigabytePages;
        this.frameBits = (1L << maxPhyAddr) - GuestLayout.PAGE_BYTES;
    }

    /** Places the shape under the root; the turn chooses among the targets. */
    void place(VectorInput shape, long rootGpa, long turn) {
        int target = (int) (turn * SPREAD >>> 61);
        int page = (int) (turn * SPREAD >>> 48) & PAGES_OF_TARGET - 1;
        Arrays.fill(candidates, NONE);
        vaddr = shape.va();
        boolean huge = gigabytePages && isLarge(shape, 3);
        if (huge) {
            int hugeTarget = (target + 2) % GuestLayout.NR_TARGETS;
            vaddr = vaddr & ~(HUGE_OFFSET & ~LARGE_OFFSET) | GuestLayout.targetGpa(hugeTarget) & HUGE_OFFSET;
            setCandidate(3, hugeTarget, vaddr & LARGE_OFFSET);
        }
        if (isLarge(shape, 2)) {
            setCandidate(2, (target + 1) % GuestLayout.NR_TARGETS, vaddr & LARGE_OFFSET);
        }
        setCandidate(1, target, (long) page * GuestLayout.PAGE_BYTES | vaddr & GuestLayout.PAGE_BYTES - 1);
        for (int level = GuestLayout.LEVELS; level > 0; level--) {
            entries[level] = shape.entry(level) | pointer(shape, level, rootGpa);
        }
        checkTopIndex();
    }

    private void checkTopIndex() {
        if (GuestLayout.isCanonical(vaddr) && GuestLayout.isTakenIndex(GuestLayout.index(vaddr, GuestLayout.LEVELS))) {
            throw new IllegalArgumentException("address " + Long.toHexString(vaddr) + " lies in the harness");
        }
    }

    private void setCandidate(int level, int target, long offset) {
        candidates[level] = GuestLayout.targetGpa(target) + offset;
        targetOffsets[level] = (long) target * GuestLayout.LARGE_PAGE_BYTES + offset;
    }

    private long pointer(VectorInput shape, int level, long rootGpa) {
        if (level == 1) {
            return candidates[1] & -GuestLayout.PAGE_BYTES;
        }
        if (level == 2 && isLarge(shape, 2)) {
            return candidates[2] & ~LARGE_OFFSET;
        }
        if (level == 3 && isLarge(shape, 3)) {
            return gigabytePages ? candidates[3] & ~HUGE_OFFSET : 0;
        }
        if ((shape.entry(level) & PRESENT) != 0 && (shape.entry(level) & frameBits) != 0) {
            throw new IllegalArgumentException(
                    "vector " + shape.number() + ": address bits in the entry of level " + level);
        }
        return rootGpa + (long) tableOf(level - 1) * GuestLayout.PAGE_BYTES;
    }

    private static boolean isLarge(VectorInput shape, int level) {
        return (shape.entry(level) & PAGE_SIZE) != 0;
    }

    /** The shape with its addresses. */
    VectorInput placed(VectorInput shape) {
        return new VectorInput(shape.number(), shape.cpl(), shape.wp(), shape.nxe(), shape.smep(), shape.smap(),
                shape.ac(), shape.pke(), shape.pkru(), shape.pks(), shape.pkrs(), shape.access(), shape.sizeBytes(),
                vaddr, entries.clone());
    }

    /** A root's four pages go from the top level down. */
    static int tableOf(int level) {
        return GuestLayout.LEVELS - level;
    }

    long vaddr() {
        return vaddr;
    }

    /** Index: level. Shared: valid until the next placing. */
    long[] entries() {
        return entries;
    }

    /** Guest physical address of the access if the walk ends at the level, or {@link #NONE}. */
    long candidate(int level) {
        return candidates[level];
    }

    /** The same as an offset within {@link GuestMemory#targets()}. */
    long targetOffset(int level) {
        return targetOffsets[level];
    }
}
