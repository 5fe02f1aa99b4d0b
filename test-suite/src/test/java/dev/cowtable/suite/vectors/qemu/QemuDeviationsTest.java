package dev.cowtable.suite.vectors.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.vectors.VectorAccess;
import org.junit.jupiter.api.Test;

final class QemuDeviationsTest {
    private static final long HUGE = Shape.ALL_RIGHTS | Entry.PS;

    private final QemuDeviations deviations = new QemuDeviations();

    @Test
    void onlyReservedWithoutPresentGetsPresent() {
        assertThat(deviations.errorCode(0xc)).isEqualTo(0xd);
        assertThat(deviations.errorCode(0xd)).isEqualTo(0xd);
        assertThat(deviations.errorCode(0x6)).isEqualTo(0x6);
        assertThat(deviations.describe()).startsWith("corrected: P added to RSVD 1 times,");
    }

    @Test
    void accessedOfAFaultingHugeLeafIsTakenBack() {
        long[] left = {0, 0, 0, HUGE | Entry.A, Shape.ALL_RIGHTS | Entry.A, 0};
        deviations.restoreAccessed(placed(HUGE, 3), left);
        assertThat(left).containsExactly(0, 0, 0, HUGE, Shape.ALL_RIGHTS | Entry.A, 0);
        assertThat(deviations.describe()).endsWith("taken back 1 times");
    }

    @Test
    void accessedThatWasThereBeforeStays() {
        long[] left = {0, 0, 0, HUGE | Entry.A, 0, 0};
        deviations.restoreAccessed(placed(HUGE | Entry.A, 3), left);
        assertThat(left[3]).isEqualTo(HUGE | Entry.A);
        assertThat(deviations.describe()).endsWith("taken back 0 times");
    }

    @Test
    void accessedOfAPointerToATableIsNotTouched() {
        long[] left = {0, 0, 0, Shape.ALL_RIGHTS | Entry.A, 0, 0};
        deviations.restoreAccessed(placed(Shape.ALL_RIGHTS, 1), left);
        assertThat(left[3]).isEqualTo(Shape.ALL_RIGHTS | Entry.A);
    }

    private static PlacedVector placed(long level3, int lastLevel) {
        return new PlacedVector(Shape.user(VectorAccess.R).entry(3, level3).build(), 0, lastLevel,
                PlacedVector.NONE, 0, 0);
    }
}
