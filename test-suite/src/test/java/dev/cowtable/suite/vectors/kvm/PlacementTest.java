package dev.cowtable.suite.vectors.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Needs no KVM. */
class PlacementTest {
    private static final long ROOT_GPA = GuestLayout.ROOTS_GPA + 3 * GuestLayout.ROOT_BYTES;
    private static final long VADDR = 0x1234_5678_9abcL;
    private static final long LARGE = 0x87;

    private final Placement placement = new Placement(true, 48);

    @Test
    void entriesLeadFromTableToTableAndToTheTarget() {
        placement.place(shape(7, 7, 7), ROOT_GPA, 5);

        assertThat(placement.entries()[4]).isEqualTo(ROOT_GPA + 0x1007);
        assertThat(placement.entries()[3]).isEqualTo(ROOT_GPA + 0x2007);
        assertThat(placement.entries()[2]).isEqualTo(ROOT_GPA + 0x3007);
        assertThat(placement.entries()[1] & ~7).isEqualTo(placement.candidate(1) & -4096);
        assertThat(placement.candidate(1) & 0xfff).isEqualTo(0xabc);
        assertThat(placement.candidate(2)).isEqualTo(Placement.NONE);
        assertThat(placement.vaddr()).isEqualTo(VADDR);
    }

    @Test
    void gigabyteLeafReachesATargetByTheAddressBitsBelow() {
        for (int turn = 0; turn < 50; turn++) {
            placement.place(shape(LARGE, LARGE, 7), ROOT_GPA, turn);

            long paddr = placement.entries()[3] & 0xf_ffff_c000_0000L | placement.vaddr() & 0x3fff_ffff;
            assertThat(placement.candidate(3)).isEqualTo(paddr);
            assertThat(targetOf(paddr)).isEqualTo((int) (placement.targetOffset(3) >>> 21));
            assertThat(placement.vaddr() & ~0x3fe0_0000L).isEqualTo(VADDR & ~0x3fe0_0000L);
            assertThat(placement.targetOffset(3) >>> 21).isNotEqualTo(placement.targetOffset(2) >>> 21)
                    .isNotEqualTo(placement.targetOffset(1) >>> 21);
        }
    }

    @Test
    void withoutGigabytePagesNoTargetBelongsToOne() {
        Placement without = new Placement(false, 48);
        without.place(shape(LARGE | 0x2000, 7, 7), ROOT_GPA, 1);

        assertThat(without.candidate(3)).isEqualTo(Placement.NONE);
        assertThat(without.entries()[3]).isEqualTo(LARGE | 0x2000);
    }

    @Test
    void presentEntryWithAnAddressIsRefused() {
        assertThatThrownBy(() -> placement.place(shape(0x1007, 7, 7), ROOT_GPA, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("level 3");
    }

    @Test
    void dataTellTheLevelAtWhichTheWalkEnded() {
        MemorySegment memory = Arena.ofAuto().allocate((long) GuestLayout.NR_TARGETS * GuestLayout.LARGE_PAGE_BYTES);
        Targets targets = new Targets(memory);
        placement.place(shape(LARGE, LARGE, 7), ROOT_GPA, 0);
        targets.mark(placement, VectorAccess.W, 2);

        long value = memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, placement.targetOffset(2));
        assertThat(Targets.levelLoaded(placement, value, 2)).isEqualTo(2);
        assertThat(Targets.levelLoaded(placement, Targets.NOT_LOADED, 1)).isZero();
        assertThat(targets.levelStored(placement, 2)).isZero();

        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, placement.targetOffset(3), (short) Targets.STORED);
        assertThat(targets.levelStored(placement, 2)).isEqualTo(3);
        assertThat(targets.areUntouchedBut(3, placement, 2)).isTrue();
        assertThat(targets.areUntouchedBut(0, placement, 2)).isFalse();

        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, placement.targetOffset(1), (short) Targets.STORED);
        assertThat(targets.levelStored(placement, 2)).isZero();
    }

    private static int targetOf(long gpa) {
        for (int target = 0; target < GuestLayout.NR_TARGETS; target++) {
            if (gpa >>> 21 == GuestLayout.targetGpa(target) >>> 21) {
                return target;
            }
        }
        return -1;
    }

    private static VectorInput shape(long l3, long l2, long l1) {
        return new VectorInput(1, 3, true, true, false, false, false, false, 0, false, 0, VectorAccess.R, 2, VADDR,
                new long[] {0, l1, l2, l3, 7, 0});
    }
}
