package dev.cowtable.suite.vectors.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VectorPlacerTest {
    private static final CpuModel MODEL = new CpuModel(Vendor.INTEL, 48, true, false, false);
    private static final long LEAF = Shape.ALL_RIGHTS | Entry.PS;

    private final PhysicalPlan plan = new PhysicalPlan(48);
    private final VectorPlacer placer = new VectorPlacer(MODEL, plan);

    @ParameterizedTest
    @ValueSource(ints = {36, 37, 38, 39, 52})
    void noTwoTablesOrPagesOfDataShareAFrame(int maxPhyAddr) {
        PhysicalPlan planned = new PhysicalPlan(maxPhyAddr);
        long endPaddr = PhysicalPlan.ramBytes(maxPhyAddr) + (1L << 30);
        Set<Long> paddrs = new HashSet<>();
        for (int slot = 0; slot < PhysicalPlan.SLOTS; slot++) {
            for (int level = 1; level <= Paging.MAX_LEVEL; level++) {
                assertThat(paddrs.add(planned.tablePaddr(slot, level))).isTrue();
            }
            assertThat(paddrs.add(planned.smallPagePaddr(slot, false))).isTrue();
        }
        assertThat(paddrs).allMatch(paddr -> paddr >= 1L << 27 && paddr < endPaddr && paddr >>> 30 != 3);
    }

    @Test
    void eachEntryPointsToTheNextTableAndTheLeafToThePage() {
        PlacedVector placed = placer.place(Shape.user(VectorAccess.R).build(), 5);
        assertThat(placed.input().entry(4)).isEqualTo(Shape.ALL_RIGHTS | plan.tablePaddr(5, 3));
        assertThat(placed.input().entry(2)).isEqualTo(Shape.ALL_RIGHTS | plan.tablePaddr(5, 1));
        assertThat(placed.input().entry(1)).isEqualTo(Shape.ALL_RIGHTS | plan.smallPagePaddr(5, false));
        assertThat(placed.targetPaddr()).isEqualTo(plan.smallPagePaddr(5, false) + 0x678);
        assertThat(placed.lastLevel()).isEqualTo(1);
    }

    @Test
    void storesToOneLargePageGetDifferentSmallPagesOfIt() {
        VectorInput shape = Shape.user(VectorAccess.W).entry(2, LEAF).build();
        PlacedVector one = placer.place(shape, 0);
        PlacedVector other = placer.place(shape, PhysicalPlan.REGIONS);
        assertThat(one.input().va()).isEqualTo(Shape.VADDR);
        assertThat(other.input().va()).isEqualTo(Shape.VADDR + Paging.PAGE_BYTES);
        assertThat(other.targetPaddr()).isEqualTo(one.targetPaddr() + Paging.PAGE_BYTES);
        plan.releasePages(0);
        assertThat(placer.place(shape, 0).input().va()).isEqualTo(Shape.VADDR);
    }

    @Test
    void patAndReservedBitsOfALargeLeafStayAsTheyAre() {
        PlacedVector placed = placer.place(Shape.user(VectorAccess.R).entry(3, LEAF | 1 << 12 | 1 << 29).build(), 0);
        assertThat(placed.input().entry(3) & 0x3fff_ffffL).isEqualTo(LEAF | 1 << 12 | 1 << 29);
        assertThat(placed.reservedLevel()).isEqualTo(3);
    }

    @Test
    void whatLiesBelowTheEndOfAWalkIsLeftOut() {
        PlacedVector placed = placer.place(Shape.user(VectorAccess.R).without(3, Entry.P).build(), 0);
        assertThat(placed.input().entry(3)).isEqualTo(Shape.ALL_RIGHTS & ~Entry.P);
        assertThat(placed.input().entry(2)).isZero();
        assertThat(placed.lastLevel()).isEqualTo(3);
        assertThat(placed.targetPaddr()).isEqualTo(PlacedVector.NONE);
    }

    @Test
    void theGuestsOwnKeyIsNeitherTheLeafsNorOneThatPkrsDenies() {
        long leafKey = 2L << Entry.KEY_SHIFT;
        PlacedVector placed = placer.place(
                Shape.supervisor(VectorAccess.R).with(1, leafKey).pkrs(0b01_00_10_11).build(), 0);
        assertThat(placed.ownKey()).isEqualTo(4);
        assertThat(placed.input().pkrs()).isEqualTo(0b01_00_10_11);
    }

    @Test
    void wherePkrsDeniesEveryKeyOneOtherThanTheLeafsIsFreed() {
        PlacedVector placed = placer.place(Shape.supervisor(VectorAccess.R).pkrs(-1).build(), 0);
        assertThat(placed.ownKey()).isEqualTo(1);
        assertThat(placed.input().pkrs()).isEqualTo(0xffff_fff3);
    }

    @Test
    void implicitAccessesAreMovedToWhereTheGuestCanMakeThem() {
        long page = Shape.VADDR & -Paging.PAGE_BYTES;
        VectorInput read = placed(VectorAccess.KR, page + 0xfff, 0);
        VectorInput low = placed(VectorAccess.KW, page, 1);
        VectorInput high = placed(VectorAccess.KW, page + 0xfff, 2);
        assertThat(List.of(read.va() - page, low.va() - page, high.va() - page)).containsExactly(0xff8L, 0x28L, 0xfe8L);
        assertThat(List.of(read.sizeBytes(), low.sizeBytes(), high.sizeBytes())).containsOnly(8);
    }

    private VectorInput placed(VectorAccess access, long vaddr, int slot) {
        return placer.place(Shape.supervisor(access).at(vaddr, 1).build(), slot).input();
    }
}
