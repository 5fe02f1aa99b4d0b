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
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** mremap(): what is moved, what stays, and which VMAs there are then. */
class MremapTest {
    private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;
    private static final int BLOCK = 512;

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

    private int advise(long first, long end, Advice advice) {
        return lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(first), (end - first) * 4096, advice);
    }

    // ---------------------------------------------------------------- what moves

    @Test
    void pageIsTheSameFrameAtItsNewPlaceAndGoneFromTheOld() {
        lab.map(0, 4, RW);
        lab.write(1, 7);
        long pfn = lab.pfn(1);
        assertThat(move(0, 4, 100)).isZero();
        assertThat(lab.pfn(101)).isEqualTo(pfn);
        assertThat(lab.read(101)).isEqualTo(7);
        assertThat(lab.faultOfRead(lab.mm, 1)).isEqualTo(UserFault.SEGV_MAPERR);
    }

    @Test
    void cpuThatKnewTheOldPlaceDoesNotReachThePageThereAnyMore() {
        lab.map(0, 1, RW);
        lab.write(0, 7);
        assertThat(move(0, 1, 100)).isZero();
        lab.map(0, 1, RW);
        lab.write(0, 9);
        assertThat(lab.read(100)).isEqualTo(7);
    }

    @Test
    void otherCpuThatKnewTheOldPlaceFaultsThere() {
        Cpu other = lab.kernel.machine().cpu(1);
        lab.map(0, 1, RW);
        lab.write(0, 7);
        assertThat(lab.kernel.userAccess().readByte(other, lab.mm, at(0))).isEqualTo(7);
        assertThat(move(0, 1, 100)).isZero();
        assertThat(UserAccess.faultOf(lab.kernel.userAccess().readByte(other, lab.mm, at(0))))
                .isEqualTo(UserFault.SEGV_MAPERR);
    }

    @Test
    void guardMarkerAndExclusivePageKeepWhatTheyAre() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        assertThat(advise(1, 2, Advice.GUARD_INSTALL)).isZero();
        assertThat(move(0, 2, 100)).isZero();
        assertThat(lab.isExclusive(lab.pfn(100))).isTrue();
        assertThat(SwpEntry.isGuard(lab.pte(101))).isTrue();
    }

    @Test
    void wholeAlignedTableMovesItself() {
        lab.map(0, BLOCK, RW);
        lab.write(5, 7);
        long table = lab.ptePaddr(lab.mm, 5) & -4096L;
        long bytes = lab.mm.pgtablesBytes();
        assertThat(move(0, BLOCK, 4 * BLOCK)).isZero();
        assertThat(lab.ptePaddr(lab.mm, 4 * BLOCK + 5) & -4096L).isEqualTo(table);
        assertThat(lab.mm.pgtablesBytes()).isEqualTo(bytes);
        assertThat(lab.read(4 * BLOCK + 5)).isEqualTo(7);
    }

    @Test
    void tableMovesAlthoughTheRangeBeginsWithinItIfNothingElseIsThere() {
        lab.map(100, 2 * BLOCK, RW);
        lab.write(105, 7);
        long table = lab.ptePaddr(lab.mm, 105) & -4096L;
        assertThat(move(100, 2 * BLOCK, 4 * BLOCK + 100)).isZero();
        assertThat(lab.ptePaddr(lab.mm, 4 * BLOCK + 105) & -4096L).isEqualTo(table);
    }

    @Test
    void neighbourBelowKeepsItsTable() {
        lab.map(10, 20, RO);
        lab.map(100, 2 * BLOCK, RW);
        lab.write(105, 7);
        assertThat(lab.read(15)).isZero();
        long table = lab.ptePaddr(lab.mm, 105) & -4096L;
        assertThat(move(100, 2 * BLOCK, 4 * BLOCK + 100)).isZero();
        assertThat(lab.ptePaddr(lab.mm, 15) & -4096L).isEqualTo(table);
        assertThat(lab.read(4 * BLOCK + 105)).isEqualTo(7);
    }

    @Test
    void pmdTableMovesWithAWholeAlignedGibibyte() {
        long gib = 1L << 18;
        lab.map(gib, 2 * gib, RW);
        lab.write(gib + 5, 7);
        long pmdPaddr = lab.kernel.pageTables().pmdOffset(lab.cpu, lab.mm, at(gib + 5));
        assertThat(move(gib, 2 * gib, 4 * gib)).isZero();
        assertThat(lab.kernel.pageTables().pmdOffset(lab.cpu, lab.mm, at(4 * gib + 5))).isEqualTo(pmdPaddr);
        assertThat(lab.kernel.pageTables().pmdOffset(lab.cpu, lab.mm, at(gib + 5)))
                .isEqualTo(PageTables.NO_ENTRY);
        assertThat(lab.read(4 * gib + 5)).isEqualTo(7);
    }

    // ---------------------------------------------------------------- VMAs

    // wwww....  pages 1-2 to 5-6: w..w.ww.
    @Test
    void middleLeavesAHole() {
        lab.map(0, 4, RW);
        lab.write(1, 7);
        assertThat(move(1, 3, 5)).isZero();
        assertThat(lab.picture(8)).isEqualTo("w..w.ww.");
    }

    // ww..ww: never written, so the second joins the first at its new place
    @Test
    void vmaThatWasNeverWrittenMergesWhereverItGoes() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
        assertThat(move(4, 6, 2)).isZero();
        assertThat(lab.picture(6)).isEqualTo("wwww..");
    }

    // written pages keep the offsets of the place where they were written
    @Test
    void vmaThatWasWrittenDoesNotMergeWithAStranger() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
        lab.write(4, 7);
        assertThat(move(4, 6, 2)).isZero();
        assertThat(lab.picture(6)).isEqualTo("ww|ww..");
    }

    @Test
    void pageThatComesBackMergesAgain() {
        lab.map(0, 4, RW);
        lab.write(1, 7);
        lab.write(3, 8);
        assertThat(move(2, 4, 10)).isZero();
        assertThat(move(10, 12, 2)).isZero();
        assertThat(lab.picture(12)).isEqualTo("wwww........");
        assertThat(lab.read(3)).isEqualTo(8);
    }

    // www.rr to 10: gaps stay gaps, and what lies in the target's gap stays too
    @Test
    void severalVmasMoveAtOnce() {
        lab.map(0, 3, RW);
        lab.map(4, 6, RO);
        lab.write(0, 7);
        lab.map(13, 14, 0);
        assertThat(move(0, 6, 10)).isZero();
        assertThat(lab.picture(16)).isEqualTo("..........www|-|rr");
        assertThat(lab.read(10)).isEqualTo(7);
    }

    @Test
    void nothingMayBeMissingAtTheStart() {
        lab.map(1, 3, RW);
        assertThat(move(0, 3, 10)).isEqualTo(Errno.EFAULT.code());
        assertThat(lab.picture(4)).isEqualTo(".ww.");
    }

    @Test
    void dontunmapLeavesAnEmptyMapping() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        assertThat(remap(0, 2, 10, 2, MOVE | MREMAP_DONTUNMAP)).isZero();
        assertThat(lab.read(0)).isZero();
        assertThat(lab.read(10)).isEqualTo(7);
        assertThat(lab.vma(0).anonVma()).isNull();
        lab.write(0, 9);
        assertThat(lab.read(10)).isEqualTo(7);
    }

    @Test
    void dontunmapOfAPartTakesTheLockOffTheWholeVma() {
        lab.map(0, 4, RW);
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(0), 4 * 4096, false);
        assertThat(remap(1, 2, 10, 1, MOVE | MREMAP_DONTUNMAP)).isZero();
        assertThat(lab.vma(0).has(VmFlags.LOCKED)).isFalse();
        assertThat(lab.vma(10).has(VmFlags.LOCKED)).isTrue();
        assertThat(lab.mm.lockedVm()).as("what the old place was charged is never given back").isEqualTo(5);
    }

    // ---------------------------------------------------------------- no memory

    @Test
    void anyTableMayBeMissingAndNothingIsLost() {
        long gib = 1L << 18;
        lab.map(0, 3, RW);
        lab.write(0, 7);
        lab.write(2, 8);
        int skip = 0;
        lab.kernel.failures().failOnceAfter(skip);
        while (move(0, 3, 3 * gib + BLOCK - 1) == Errno.ENOMEM.code()) {
            lab.kernel.failures().off();
            assertThat(lab.picture(4)).isEqualTo("www.");
            assertThat(lab.read(0) * 10 + lab.read(2)).isEqualTo(78);
            assertThat(lab.mm.vmas()).hasSize(1);
            lab.assertConsistent();
            lab.kernel.failures().failOnceAfter(++skip);
        }
        lab.kernel.failures().off();
        assertThat(skip).as("two PTE tables and a PMD table").isEqualTo(3);
        assertThat(lab.read(3 * gib + BLOCK - 1) * 10 + lab.read(3 * gib + BLOCK + 1)).isEqualTo(78);
    }
}
