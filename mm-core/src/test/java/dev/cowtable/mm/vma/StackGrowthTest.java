package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A stack grows down to where it is used, up to its limit and not into a neighbour. */
class StackGrowthTest {
    private static final long STACK = 1000;

    private final MmLab lab = new MmLab();

    StackGrowthTest() {
        lab.kernel.memoryMap().mmap(lab.cpu, lab.mm, at(STACK), 4096, RW,
                MemoryMap.MAP_GROWSDOWN | MemoryMap.MAP_NORESERVE);
    }

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    @Test
    void faultBelowMakesItGrow() {
        lab.write(STACK - 100, 7);
        assertThat(lab.vma(STACK).start()).isEqualTo(at(STACK - 100));
        assertThat(lab.read(STACK - 50)).isZero();
        assertThat(lab.mm.vmas()).hasSize(1);
    }

    @Test
    void limitHolds() {
        lab.mm.limits().limitStack(100 * 4096);
        assertThat(lab.faultOfWrite(lab.mm, STACK - 100, 7)).isEqualTo(UserFault.SEGV_MAPERR);
        lab.write(STACK - 99, 7);
    }

    @Test
    void neighbourIsKeptAtADistance() {
        lab.map(STACK - 400, STACK - 399, RW);
        assertThat(lab.faultOfWrite(lab.mm, STACK - 144, 7)).isEqualTo(UserFault.SEGV_MAPERR);
        lab.write(STACK - 143, 7);
    }

    @Test
    void inaccessibleNeighbourMayTouch() {
        lab.map(STACK - 10, STACK - 9, 0);
        lab.write(STACK - 9, 7);
        assertThat(lab.vma(STACK).start()).isEqualTo(at(STACK - 9));
    }

    @Test
    void lockedStackCountsWhatItGrows() {
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(STACK), 4096, false);
        lab.write(STACK - 3, 7);
        assertThat(lab.mm.lockedVm()).isEqualTo(4);
    }
}
