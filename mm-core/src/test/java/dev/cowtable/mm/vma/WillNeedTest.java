package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** MADV_WILLNEED brings swapped pages into memory and maps none of them. */
class WillNeedTest {
    private final MmLab lab = new MmLab();
    private final MemoryMap map = lab.kernel.memoryMap();

    WillNeedTest() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.ZRAM);
    }

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int madvise(Advice advice) {
        return map.madvise(lab.cpu, lab.mm, at(0), 2 * 4096, advice);
    }

    private byte[] mincore() {
        byte[] out = new byte[2];
        assertThat(map.mincore(lab.cpu, lab.mm, at(0), 2 * 4096, out)).isZero();
        return out;
    }

    @Test
    void swappedPageIsReadAheadAndThenNoMajorFault() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        assertThat(madvise(Advice.PAGEOUT)).isZero();
        assertThat(mincore()).containsExactly(0, 0);
        long entry = lab.pte(0);
        assertThat(madvise(Advice.WILLNEED)).isZero();
        assertThat(lab.pte(0)).isEqualTo(entry);
        assertThat(mincore()).containsExactly(1, 0);
        assertThat(lab.read(0)).isEqualTo(7);
        assertThat(lab.count(Counter.FAULT_MAJOR)).isZero();
    }

    @Test
    void sharedMemoryIsReadAheadThroughItsFile() {
        map.mmapShared(lab.cpu, lab.mm, at(0), 2 * 4096, RW, false);
        lab.write(0, 7);
        assertThat(madvise(Advice.PAGEOUT)).isZero();
        assertThat(mincore()).containsExactly(0, 0);
        assertThat(madvise(Advice.WILLNEED)).isZero();
        assertThat(mincore()).containsExactly(1, 0);
        assertThat(lab.read(0)).isEqualTo(7);
    }
}
