package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.rmap.AnonVma;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which VMAs a new mapping, or new rights of one, leave behind; a letter is a page, see {@link MmLab#picture}. */
class VmaMergeTest {
    private static final long RWX = RW | VmFlags.EXEC;

    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- a new range

    // wwww****wwww -> wwwwwwwwwwww
    @Test
    void newRangeBetweenEqualNeighboursJoinsBoth() {
        lab.map(0, 4, RW);
        lab.map(8, 12, RW);
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwwwwwww");
        assertThat(lab.vma(0).pgoff()).isEqualTo(at(0) >>> 12);
    }

    // wwww****rrrr -> wwwwwwww|rrrr
    @Test
    void newRangeJoinsTheLowerNeighbourOnly() {
        lab.map(0, 4, RW);
        lab.map(8, 12, RO);
        VmAreaStruct lower = lab.vma(0);
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwww|rrrr");
        assertThat(lab.vma(7)).isSameAs(lower);
    }

    // rrrr****wwww -> rrrr|wwwwwwww
    @Test
    void newRangeJoinsTheUpperNeighbourOnly() {
        lab.map(0, 4, RO);
        lab.map(8, 12, RW);
        VmAreaStruct upper = lab.vma(8);
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("rrrr|wwwwwwww");
        assertThat(lab.vma(4)).isSameAs(upper);
        assertThat(upper.pgoff()).isEqualTo(at(4) >>> 12);
    }

    // rrrr****rrrr -> rrrr|wwww|rrrr
    @Test
    void newRangeOfOtherRightsStandsAlone() {
        lab.map(0, 4, RO);
        lab.map(8, 12, RO);
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("rrrr|wwww|rrrr");
    }

    // wwww.***.wwww -> wwww.www.wwww
    @Test
    void newRangeThatTouchesNobodyStandsAlone() {
        lab.map(0, 4, RW);
        lab.map(9, 13, RW);
        lab.map(5, 8, RW);
        assertThat(lab.picture(13)).isEqualTo("wwww.www.wwww");
        assertThat(lab.mm.vmas()).hasSize(3);
    }

    // AAAA****BBBB -> AAAAAAAA|BBBB   with anon_vmas A and B
    @Test
    void newRangeDoesNotJoinNeighboursOfTwoAnonVmas() {
        lab.map(0, 4, RW);
        lab.map(8, 12, RW);
        lab.write(0, 1);
        lab.write(8, 2);
        assertThat(lab.vma(0).anonVma()).isNotSameAs(lab.vma(8).anonVma());
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwww|wwww");
    }

    // AAAA****AAAA -> AAAAAAAAAAAA    with one anon_vma A on both sides
    @Test
    void newRangeJoinsNeighboursOfOneAnonVma() {
        lab.map(0, 12, RW);
        lab.write(0, 1);
        lab.write(11, 2);
        lab.munmap(4, 8);
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwwwwwww");
        assertThat(lab.read(0) + lab.read(11)).isEqualTo(3);
    }

    // ....****AAAA with a lower neighbour that has none -> AAAAAAAAAAAA
    @Test
    void joinedVmaTakesTheOneAnonVmaThatThereIs() {
        lab.map(0, 4, RW);
        lab.map(8, 12, RW);
        lab.write(8, 2);
        AnonVma anonVma = lab.vma(8).anonVma();
        lab.map(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwwwwwww");
        assertThat(lab.vma(0).anonVma()).isSameAs(anonVma);
        assertThat(lab.read(8)).isEqualTo(2);
    }

    // child: AAAA**** -> AAAA|wwww    parent: AAAA**** -> AAAAAAAA
    @Test
    void inheritedAnonVmaKeepsNewRangesOut() {
        lab.map(0, 4, RW);
        lab.write(0, 1);
        MmStruct child = lab.fork(lab.mm);
        lab.map(child, 4, 8, RW);
        lab.map(4, 8, RW);
        assertThat(lab.picture(child, 8)).isEqualTo("wwww|wwww");
        assertThat(lab.picture(8)).isEqualTo("wwwwwwww");
    }

    // ffff**** -> joined only if the file goes on where it ended
    @Test
    void fileMappingsJoinWhereTheirOffsetsMeet() {
        AddressSpace file = new AddressSpace("lib", false);
        long flags = RO | VmFlags.MAY_FLAGS;
        lab.mapFlags(0, 4, flags, file, 10);
        lab.mapFlags(4, 8, flags, file, 14);
        assertThat(lab.picture(8)).isEqualTo("rrrrrrrr");
        lab.mapFlags(8, 12, flags, file, 19);
        assertThat(lab.picture(12)).isEqualTo("rrrrrrrr|rrrr");
        lab.mapFlags(12, 14, flags, new AddressSpace("other", false), 23);
        assertThat(lab.picture(14)).isEqualTo("rrrrrrrr|rrrr|rr");
    }

    // ****ffff -> joined only if the file begins where the upper neighbour needs it to
    @Test
    void fileMappingsJoinFromBelowWhereTheirOffsetsMeet() {
        AddressSpace file = new AddressSpace("lib", false);
        long flags = RO | VmFlags.MAY_FLAGS;
        lab.mapFlags(4, 8, flags, file, 14);
        lab.mapFlags(2, 4, flags, file, 12);
        assertThat(lab.picture(8)).isEqualTo("..rrrrrr");
        lab.mapFlags(0, 2, flags, file, 11);
        assertThat(lab.picture(8)).isEqualTo("rr|rrrrrr");
    }

    // wwwwwwwwwwww with **** mapped over the middle -> wwww|rrrr|wwww
    @Test
    void fixedMappingReplacesWhatWasThere() {
        lab.map(0, 12, RW);
        lab.write(5, 9);
        lab.map(4, 8, RO);
        assertThat(lab.picture(12)).isEqualTo("wwww|rrrr|wwww");
        assertThat(lab.read(5)).isZero();
    }

    // ---------------------------------------------------------------- new rights of a range

    // rrrr|wwww|rrrr -> rrrrrrrrrrrr
    @Test
    void rangeOfEqualRightsIsTakenInByBothNeighbours() {
        lab.map(0, 4, RO);
        lab.map(4, 8, RW);
        lab.map(8, 12, RO);
        lab.mprotect(4, 8, RO);
        assertThat(lab.picture(12)).isEqualTo("rrrrrrrrrrrr");
    }

    // rrrr|wwwwwwww -> rrrrrrrr|wwww
    @Test
    void lowerPartMovesIntoTheLowerNeighbour() {
        lab.map(0, 4, RO);
        lab.map(4, 12, RW);
        VmAreaStruct lower = lab.vma(0);
        VmAreaStruct upper = lab.vma(4);
        lab.mprotect(4, 8, RO);
        assertThat(lab.picture(12)).isEqualTo("rrrrrrrr|wwww");
        assertThat(lab.vma(7)).isSameAs(lower);
        assertThat(lab.vma(8)).isSameAs(upper);
        assertThat(upper.pgoff()).isEqualTo(at(8) >>> 12);
    }

    // wwwwwwww|rrrr -> wwww|rrrrrrrr
    @Test
    void upperPartMovesIntoTheUpperNeighbour() {
        lab.map(0, 8, RW);
        lab.map(8, 12, RO);
        VmAreaStruct upper = lab.vma(8);
        lab.mprotect(4, 8, RO);
        assertThat(lab.picture(12)).isEqualTo("wwww|rrrrrrrr");
        assertThat(lab.vma(4)).isSameAs(upper);
    }

    // wwwwwwwwwwww -> wwww|rrrr|wwww -> wwwwwwwwwwww
    @Test
    void middlePartIsSplitOutAndGoesBack() {
        lab.map(0, 12, RW);
        lab.write(5, 7);
        lab.mprotect(4, 8, RO);
        assertThat(lab.picture(12)).isEqualTo("wwww|rrrr|wwww");
        assertThat(lab.vma(0).anonVma()).isSameAs(lab.vma(4).anonVma()).isSameAs(lab.vma(8).anonVma());
        lab.mprotect(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwwwwwww");
        assertThat(lab.read(5)).isEqualTo(7);
    }

    // rrrr|AAAA -> rrrrrrrr   the lower VMA had no anon_vma and takes A over
    @Test
    void neighbourTakesOverTheAnonVmaOfWhatItTakesIn() {
        lab.map(0, 4, RO);
        lab.map(4, 8, RW);
        lab.write(5, 7);
        AnonVma anonVma = lab.vma(5).anonVma();
        lab.mprotect(4, 8, RO);
        assertThat(lab.picture(8)).isEqualTo("rrrrrrrr");
        assertThat(lab.vma(0).anonVma()).isNotNull().isSameAs(anonVma);
        assertThat(lab.vma(0).anonVmaChain()).hasSize(1);
        assertThat(lab.read(5)).isEqualTo(7);
    }

    // AAAA|xxxx|BBBB -> AAAAAAAA|BBBB   two anon_vmas never become one VMA
    @Test
    void rangeBetweenTwoAnonVmasJoinsTheLowerOne() {
        lab.map(0, 4, RW);
        lab.map(8, 12, RW);
        lab.write(0, 1);
        lab.write(8, 2);
        lab.map(4, 8, RWX);
        assertThat(lab.picture(12)).isEqualTo("wwww|xxxx|wwww");
        lab.mprotect(4, 8, RW);
        assertThat(lab.picture(12)).isEqualTo("wwwwwwww|wwww");
    }

    // child: rrrr|AAAA -> rrrr|rrrr   an inherited anon_vma is not handed to a neighbour
    @Test
    void inheritedAnonVmaIsNotTakenOver() {
        lab.map(0, 4, RO);
        lab.map(4, 8, RW);
        lab.write(5, 7);
        MmStruct child = lab.fork(lab.mm);
        lab.kernel.memoryMap().mprotect(lab.cpu, child, at(4), 4 * 4096, RO);
        assertThat(lab.picture(child, 8)).isEqualTo("rrrr|rrrr");
        lab.mprotect(4, 8, RO);
        assertThat(lab.picture(8)).isEqualTo("rrrrrrrr");
    }
}
