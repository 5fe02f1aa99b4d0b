package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Shapes at random, half of which lead to a leaf. */
final class RandomShapes {
    private static final VectorAccess[] ACCESSES = {VectorAccess.R, VectorAccess.W, VectorAccess.X};
    private static final long SOFTWARE_BITS = 0x7ff0_0000_0000_0e00L;

    private final RandomGenerator random;
    private final VectorScope scope;

    private final long fixedPageVaddr;

    RandomShapes(RandomGenerator random, VectorScope scope) {
        this(random, scope, 0);
    }

    /** All in one page, unless that is 0. */
    RandomShapes(RandomGenerator random, VectorScope scope, long fixedPageVaddr) {
        this.random = random;
        this.scope = scope;
        this.fixedPageVaddr = fixedPageVaddr;
    }

    List<VectorInput> take(int count) {
        List<VectorInput> shapes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            shapes.add(shape(i));
        }
        return shapes;
    }

    private VectorInput shape(int number) {
        VectorAccess access = ACCESSES[random.nextInt(ACCESSES.length)];
        int sizeBytes = access == VectorAccess.X ? 1 : 1 << random.nextInt(4);
        boolean nxe = !oneIn(4);
        long[] entries = new long[VectorInput.LEVELS + 1];
        for (int level = 1; level <= GuestLayout.LEVELS; level++) {
            entries[level] = entry(level, nxe);
        }
        return new VectorInput(number, oneIn(2) ? 3 : 0, oneIn(2), nxe, scope.smep() && oneIn(2),
                scope.smap() && oneIn(2), oneIn(2), scope.pke() && oneIn(2), scope.pke() ? random.nextInt() : 0,
                false, 0, access, sizeBytes, vaddr(sizeBytes), entries);
    }

    private long entry(int level, boolean nxe) {
        long entry = random.nextLong() & 0x178 | bit(0, 24) | bit(1, 6) | bit(2, 6);
        if (level == GuestLayout.LEVELS) {
            entry &= ~0x100;
        }
        boolean large = (level == 2 || level == 3 && scope.model().gigabytePages()) && oneIn(4);
        entry |= large ? 0x80 | random.nextLong() & 0x1000 : level == 1 ? random.nextLong() & 0x80 : 0;
        entry |= oneIn(8) ? random.nextLong() & SOFTWARE_BITS : 0;
        entry |= oneIn(nxe ? 6 : 24) ? 1L << 63 : 0;
        return oneIn(24) ? entry | reservedBit(level, large) : entry;
    }

    /** Bit 7 of a PDPTE without 1 GiB pages is reserved too. */
    private long reservedBit(int level, boolean large) {
        if (level == GuestLayout.LEVELS && oneIn(2)) {
            return oneIn(2) ? 0x80 : 0x100;
        }
        if (level == 3 && !scope.model().gigabytePages() && oneIn(2)) {
            return 0x80;
        }
        if (large && oneIn(2)) {
            return 1L << 13 + random.nextInt(level == 2 ? 8 : 17);
        }
        int width = scope.model().maxPhyAddr();
        return width == 52 ? 0 : 1L << width + random.nextInt(52 - width);
    }

    private long vaddr(int sizeBytes) {
        long offset = random.nextInt(GuestLayout.PAGE_BYTES - sizeBytes + 1);
        if (fixedPageVaddr != 0) {
            return fixedPageVaddr | offset;
        }
        int top;
        do {
            top = 2 + random.nextInt(509);
        } while (top == 256);
        long canonical = ((long) top << 39 | random.nextLong(1L << 39)) << 16 >> 16;
        long vaddr = canonical & -GuestLayout.PAGE_BYTES | offset;
        return oneIn(32) ? vaddr ^ 1L << 48 + random.nextInt(16) : vaddr;
    }

    private long bit(int position, int absentOneIn) {
        return oneIn(absentOneIn) ? 0 : 1L << position;
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }
}
