package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static dev.cowtable.mm.vma.MemoryMap.MREMAP_DONTUNMAP;
import static dev.cowtable.mm.vma.MemoryMap.MREMAP_FIXED;
import static dev.cowtable.mm.vma.MemoryMap.MREMAP_MAYMOVE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** mremap() with a change of size, and what it refuses. */
class MremapSizesTest {
    private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int remap(long first, long end, long to, long pages, int flags) {
        return lab.kernel.memoryMap().mremap(lab.cpu, lab.mm, at(first), (end - first) * 4096, at(to), pages * 4096,
                flags);
    }

    private int move(long first, long end, long to) {
        return remap(first, end, to, end - first, MOVE);
    }

    private int resize(long first, long end, long pages) {
        return remap(first, end, 0, pages, 0);
    }

    // ---------------------------------------------------------------- sizes

    @Test
    void moveMayGrowAndShrink() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        assertThat(remap(0, 4, 10, 2, MOVE)).isZero();
        assertThat(lab.picture(16)).isEqualTo("..........ww....");
        assertThat(remap(10, 12, 20, 5, MOVE)).isZero();
        assertThat(lab.picture(26)).isEqualTo("....................wwwww.");
        assertThat(lab.read(20)).isEqualTo(7);
        assertThat(lab.read(24)).isZero();
    }

    @Test
    void endMayGrowInPlaceWhileNothingIsInTheWay() {
        lab.map(0, 2, RW);
        lab.map(5, 6, RO);
        assertThat(resize(0, 2, 4)).isZero();
        assertThat(resize(3, 4, 2)).isZero();
        assertThat(lab.picture(6)).isEqualTo("wwwww|r");
        assertThat(resize(0, 5, 6)).isEqualTo(Errno.ENOMEM.code());
        assertThat(resize(0, 3, 4)).as("not the end").isEqualTo(Errno.ENOMEM.code());
        assertThat(resize(0, 6, 7)).as("past the end").isEqualTo(Errno.EFAULT.code());
    }

    // ww..ww -> wwwwww
    @Test
    void grownVmaJoinsTheNext() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
        assertThat(resize(0, 2, 4)).isZero();
        assertThat(lab.picture(6)).isEqualTo("wwwwww");
    }

    @Test
    void shrinkingInPlaceUnmapsWhateverFollows() {
        lab.map(0, 2, RW);
        lab.map(3, 6, RO);
        assertThat(resize(0, 5, 1)).isZero();
        assertThat(lab.picture(6)).isEqualTo("w....r");
    }

    @Test
    void lockedVmaIsFaultedInWhereItGrows() {
        lab.map(0, 2, RW);
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(0), 2 * 4096, false);
        assertThat(resize(0, 2, 4)).isZero();
        assertThat(lab.mm.lockedVm()).isEqualTo(4);
        assertThat(lab.isExclusive(lab.pfn(3))).isTrue();
    }

    // ---------------------------------------------------------------- refusals

    @Test
    void senselessRangesAreRefused() {
        lab.map(0, 4, RW);
        int invalid = Errno.EINVAL.code();
        assertThat(move(0, 4, 2)).as("overlap").isEqualTo(invalid);
        assertThat(remap(0, 4, 10, 0, MOVE)).as("nothing").isEqualTo(invalid);
        assertThat(remap(1, 1, 10, 4, MOVE)).as("a second view of private memory").isEqualTo(invalid);
        assertThat(remap(0, 4, 10, 3, MOVE | MREMAP_DONTUNMAP)).as("resized and kept").isEqualTo(invalid);
        assertThat(remap(0, 4, 10, 4, MREMAP_FIXED)).as("fixed, but may not move").isEqualTo(invalid);
        assertThat(remap(0, 5, 10, 6, MOVE)).as("grown past its VMA").isEqualTo(Errno.EFAULT.code());
        assertThat(lab.picture(5)).isEqualTo("wwww.");
    }

    @Test
    void tooManyVmasAreRefusedBeforeAnythingIsUnmapped() {
        lab.map(0, 4, RW);
        lab.map(10, 12, RO);
        lab.mm.limits().limitMapCount(6);
        assertThat(move(1, 2, 10)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.picture(12)).isEqualTo("wwww......rr");
    }
}
