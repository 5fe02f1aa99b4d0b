package dev.cowtable.suite.vectors;

import dev.cowtable.mmu.addr.Paging;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws shapes of vectors, the same from a seed on every machine.
 *
 * <p>Why: about half of the walks succeed and every cause of a fault stays frequent, because an even draw of all bits
 * would end nearly every walk at its first entry. What decides nothing is drawn from few values, so that recorded files
 * pack well.
 */
public final class VectorGenerator {
    private static final int PKRU_BITS_PER_KEY = 2;
    private static final int[] SIZES = {1, 2, 4, 8};
    private static final int[] PLAIN_INDEXES = {0, 1, 3, 170, 255, 256, 341, 511};
    private static final int[] PLAIN_TOP_INDEXES = {2, 85, 255, 257, 292, 510};
    /** Rights in PKRU of the keys that the page does not have. */
    private static final int[] OTHER_KEYS = {0, 0, 0, 0x55555554, -1};

    private final VectorScope scope;
    private final int topLevel;
    private final VectorRandom random;
    private final EntryGenerator entries;
    private long number;

    public VectorGenerator(VectorScope scope, long seed) {
        this.scope = scope;
        topLevel = VectorInput.topLevel(scope.model());
        random = new VectorRandom(seed);
        entries = new EntryGenerator(scope.model(), random);
    }

    public List<VectorInput> next(int count) {
        List<VectorInput> shapes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            shapes.add(next());
        }
        return shapes;
    }

    /** The next shape; numbers count from 1. */
    public VectorInput next() {
        number++;
        VectorAccess access = access();
        int cpl = access.isImplicit() || random.coin() ? 3 : 0;
        boolean nxe = !random.oneIn(8);
        boolean smep = scope.smep() && random.coin();
        boolean smap = scope.smap() && random.coin();
        boolean ac = smap ? random.coin() : random.oneIn(16);
        boolean pke = scope.pke() && random.coin();
        boolean pks = scope.pks() && random.coin();
        long[] path = entries.path(new EntryGenerator.Wish(leafLevel(), nxe, userPage(access, cpl),
                access != VectorAccess.W && access != VectorAccess.KW || random.likely(12),
                pke || pks || random.oneIn(8)));
        int key = entries.key(path);
        int pkru = scope.pke() && (pke || random.oneIn(16)) ? keyRights(key) : 0;
        int pkrs = scope.pks() && (pks || random.oneIn(16)) ? keyRights(key) : 0;
        int size = access == VectorAccess.X ? 1 : access.isImplicit() ? 8 : SIZES[random.below(SIZES.length)];
        return new VectorInput(number, cpl, random.likely(10), nxe, smep, smap, ac, pke, pkru, pks, pkrs, access, size,
                vaddr(size, access.isImplicit()), path);
    }

    private VectorAccess access() {
        if (scope.implicit() && random.oneIn(8)) {
            return random.coin() ? VectorAccess.KR : VectorAccess.KW;
        }
        return switch (random.below(8)) {
            case 0, 1, 2 -> VectorAccess.R;
            case 3, 4, 5 -> VectorAccess.W;
            default -> VectorAccess.X;
        };
    }

    private boolean userPage(VectorAccess access, int cpl) {
        return random.likely(cpl == 3 && !access.isImplicit() ? 14 : 7);
    }

    private int leafLevel() {
        int draw = random.below(16);
        if (draw < (scope.model().gigabytePages() ? 4 : 1)) {
            return 3;
        }
        return draw < 8 ? 2 : 1;
    }

    /** A value of PKRU or PKRS in which the given key often decides otherwise than the others. */
    private int keyRights(int key) {
        int others = random.oneIn(8) ? (int) random.next() : OTHER_KEYS[random.below(OTHER_KEYS.length)];
        int own = random.likely(9) ? 0 : 1 + random.below(3);
        int shift = PKRU_BITS_PER_KEY * key;
        return others & ~(3 << shift) | own << shift;
    }

    private long vaddr(int sizeBytes, boolean aligned) {
        long vaddr = topIndex();
        for (int level = topLevel - 1; level >= 1; level--) {
            vaddr = vaddr << Paging.INDEX_BITS | index();
        }
        vaddr = vaddr << Paging.PAGE_SHIFT | offset(sizeBytes, aligned);
        int unused = Paging.unusedHighBits(topLevel);
        long canonical = vaddr << unused >> unused;
        return random.oneIn(32) ? canonical ^ notCanonical(unused) : canonical;
    }

    /** Why: the bits that select the top entry stay, lest it be an oracle's own; all others turned cross the gap. */
    private long notCanonical(int unused) {
        int all = (1 << unused) - 1;
        long turned = switch (random.below(4)) {
            case 0 -> all;
            case 1 -> 1 + random.below(all);
            default -> 1L << random.below(unused);
        };
        return turned << Long.SIZE - unused;
    }

    /** Why: indexes 0, 1, 256 and 511 are left to what an oracle itself needs mapped. */
    private int topIndex() {
        int index = random.oneIn(8) ? random.below(Paging.ENTRIES)
                : PLAIN_TOP_INDEXES[random.below(PLAIN_TOP_INDEXES.length)];
        return index < 2 || index == 256 || index == 511 ? topIndex() : index;
    }

    private int index() {
        return random.oneIn(8) ? random.below(Paging.ENTRIES) : PLAIN_INDEXES[random.below(PLAIN_INDEXES.length)];
    }

    private int offset(int sizeBytes, boolean aligned) {
        int last = (int) Paging.PAGE_BYTES - sizeBytes;
        return switch (random.below(8)) {
            case 0 -> aligned ? random.below(last + 1) & -sizeBytes : random.below(last + 1);
            case 1 -> last;
            case 2, 3 -> 0x80 * random.below(8);
            default -> 0;
        };
    }
}
