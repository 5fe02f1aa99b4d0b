package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** mincore(): which pages count as being in memory. */
class MincoreTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int mincore(byte[] out) {
        return lab.kernel.memoryMap().mincore(lab.cpu, lab.mm, at(0), out.length * 4096L, out);
    }

    @Test
    void pageAndZeroPageCountAndNothingAndGuardDoNot() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        assertThat(lab.read(1)).isZero();
        lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(2), 4096, Advice.GUARD_INSTALL);
        byte[] out = new byte[4];
        assertThat(mincore(out)).isZero();
        assertThat(out).containsExactly(1, 1, 0, 0);
    }

    @Test
    void sharedMemoryThatIsNotMappedCounts() {
        lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(0), 4 * 4096, RW, false);
        lab.write(0, 7);
        lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(0), 4096, Advice.DONTNEED);
        byte[] out = new byte[2];
        assertThat(mincore(out)).isZero();
        assertThat(out).containsExactly(1, 0);
    }

    @Test
    void holeIsReported() {
        lab.map(0, 1, RW);
        lab.map(2, 3, RW);
        assertThat(mincore(new byte[3])).isEqualTo(Errno.ENOMEM.code());
    }
}
