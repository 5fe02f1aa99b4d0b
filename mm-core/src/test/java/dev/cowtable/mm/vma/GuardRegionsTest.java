package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Guard regions: any access is a fault, whatever the VMA permits, until they are removed. */
class GuardRegionsTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int madvise(long first, long end, Advice advice) {
        return lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(first), (end - first) * 4096, advice);
    }

    private int move(long first, long to) {
        return lab.kernel.memoryMap().mremap(lab.cpu, lab.mm, at(first), 2 * 4096, at(to), 2 * 4096,
                MemoryMap.MREMAP_MAYMOVE | MemoryMap.MREMAP_FIXED);
    }

    private boolean isGuard(long page) {
        return SwpEntry.isGuard(lab.pte(page));
    }

    @Test
    void accessIsASegmentationFaultUntilTheGuardIsRemoved() {
        lab.map(0, 3, RW);
        lab.write(1, 7);
        assertThat(madvise(1, 2, Advice.GUARD_INSTALL)).isZero();
        assertThat(lab.faultOfRead(lab.mm, 1)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(lab.faultOfWrite(lab.mm, 1, 8)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(madvise(0, 3, Advice.GUARD_REMOVE)).isZero();
        assertThat(lab.read(1)).isZero();
    }

    @Test
    void tablesOfTheWholeRangeAreMade() {
        lab.map(0, 1536, RW);
        lab.write(700, 7);
        assertThat(madvise(0, 1536, Advice.GUARD_INSTALL)).isZero();
        assertThat(lab.mm.tables(1)).isEqualTo(3);
        assertThat(isGuard(0) && isGuard(700) && isGuard(1535)).isTrue();
    }

    @Test
    void guardOutlivesDontneedAndMprotectAndFork() {
        lab.map(0, 3, RW);
        assertThat(madvise(0, 2, Advice.GUARD_INSTALL)).isZero();
        assertThat(madvise(0, 3, Advice.DONTNEED)).isZero();
        assertThat(lab.mprotect(0, 1, RO)).isZero();
        assertThat(lab.mprotect(0, 1, RW)).isZero();
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.faultOfRead(lab.mm, 0)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(lab.faultOfRead(child, 1)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(lab.read(child, 2)).isZero();
    }

    @Test
    void munmapTakesGuardsAlong() {
        lab.map(0, 2, RW);
        assertThat(madvise(0, 2, Advice.GUARD_INSTALL)).isZero();
        lab.munmap(0, 1);
        lab.map(0, 1, RW);
        assertThat(lab.read(0)).isZero();
        assertThat(isGuard(1)).isTrue();
    }

    @Test
    void flagOfTheVmaStaysAndSpreadsWithMerges() {
        lab.map(0, 2, RW);
        assertThat(madvise(0, 1, Advice.GUARD_INSTALL)).isZero();
        assertThat(madvise(0, 1, Advice.GUARD_REMOVE)).isZero();
        lab.map(2, 4, RW);
        assertThat(lab.picture(4)).isEqualTo("wwww");
        assertThat(lab.vma(3).has(VmFlags.MAYBE_GUARD)).isTrue();
    }

    @Test
    void flagOfAVmaThatMovesSpreadsToTheVmaThatTakesItIn() {
        lab.map(4, 6, RW);
        assertThat(madvise(4, 5, Advice.GUARD_INSTALL)).isZero();
        assertThat(move(4, 10)).isZero();
        lab.map(2, 4, RW);
        assertThat(move(10, 4)).isZero();
        assertThat(lab.picture(7)).isEqualTo("..wwww.");
        assertThat(lab.vma(2).has(VmFlags.MAYBE_GUARD)).isTrue();
        assertThat(lab.vma(2).anonVma()).isNotNull();
        assertThat(lab.faultOfRead(lab.fork(lab.mm), 4)).isEqualTo(UserFault.SEGV_MAPERR);
    }

    @Test
    void childOfSharedMemoryGetsItsGuardsAndSoItsOtherEntries() {
        lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(0), 3 * 4096, RW, false);
        lab.write(0, 7);
        assertThat(madvise(1, 2, Advice.GUARD_INSTALL)).isZero();
        MmStruct child = lab.fork(lab.mm);
        assertThat(SwpEntry.isGuard(lab.pte(child, 1))).isTrue();
        assertThat(Pte.isPresent(lab.pte(child, 0))).isTrue();
        lab.write(child, 0, 8);
        assertThat(lab.read(0)).isEqualTo(8);
    }

    @Test
    void lockedMemoryTakesNoGuardButLosesThem() {
        lab.map(0, 2, RW);
        assertThat(madvise(0, 1, Advice.GUARD_INSTALL)).isZero();
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(0), 2 * 4096, true);
        assertThat(madvise(1, 2, Advice.GUARD_INSTALL)).isEqualTo(Errno.EINVAL.code());
        assertThat(madvise(0, 2, Advice.GUARD_REMOVE)).isZero();
        assertThat(lab.read(0)).isZero();
    }

    @Test
    void withoutMemoryForATableItSaysSo() {
        lab.map(0, 600, RW);
        lab.write(0, 7);
        lab.kernel.failures().failAllAfter(0);
        assertThat(madvise(510, 514, Advice.GUARD_INSTALL)).isEqualTo(Errno.ENOMEM.code());
        lab.kernel.failures().off();
        assertThat(lab.read(0)).isEqualTo(7);
    }
}
