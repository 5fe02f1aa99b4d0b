package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which errors madvise() gives and how far it gets, populating, and advice for another process. */
class MadviseWalkTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int madvise(long first, long end, Advice advice) {
        return lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(first), (end - first) * 4096, advice);
    }

    private long remote(MmStruct target, Advice advice) {
        return lab.kernel.memoryMap().processMadvise(lab.cpu, lab.mm, target, at(0), 2 * 4096, advice);
    }

    @ParameterizedTest
    @EnumSource(value = Advice.class, names = {"MERGEABLE", "COLLAPSE"}, mode = EnumSource.Mode.EXCLUDE)
    void holeIsReportedByAllAdvice(Advice advice) {
        lab.map(0, 2, RW);
        lab.map(3, 5, RW);
        assertThat(madvise(0, 5, advice)).isEqualTo(Errno.ENOMEM.code());
        assertThat(madvise(2, 5, advice)).isEqualTo(Errno.ENOMEM.code());
        assertThat(madvise(5, 8, advice)).isEqualTo(Errno.ENOMEM.code());
    }

    @ParameterizedTest
    @EnumSource(value = Advice.class, names = {"DONTNEED", "FREE", "COLD", "PAGEOUT", "GUARD_INSTALL"})
    void lockedMemoryIsNotGivenAway(Advice advice) {
        lab.map(0, 2, RW);
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(0), 2 * 4096, false);
        lab.write(0, 7);
        assertThat(madvise(0, 2, advice)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void lockedMemoryIsDroppedIfThatIsSaid() {
        lab.map(0, 2, RW);
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(0), 2 * 4096, false);
        assertThat(madvise(0, 2, Advice.DONTNEED_LOCKED)).isZero();
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
    }

    @Test
    void refusalInTheMiddleLeavesTheFirstPartAdvised() {
        lab.map(0, 2, RW);
        lab.map(2, 4, RO);
        lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(2), 2 * 4096, true);
        lab.write(0, 7);
        assertThat(madvise(0, 4, Advice.DONTNEED)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.read(0)).isZero();
    }

    // wwwwww -> ww|ww|ww -> wwwwww
    @Test
    void readAheadAdviceIsKeptInTheVma() {
        lab.map(0, 6, RW);
        assertThat(madvise(2, 4, Advice.RANDOM)).isZero();
        assertThat(lab.picture(6)).isEqualTo("ww|ww|ww");
        assertThat(madvise(2, 4, Advice.SEQUENTIAL)).isZero();
        assertThat(lab.vma(2).flags() & (VmFlags.RAND_READ | VmFlags.SEQ_READ)).isEqualTo(VmFlags.SEQ_READ);
        assertThat(madvise(2, 4, Advice.NORMAL)).isZero();
        assertThat(lab.picture(6)).isEqualTo("wwwwww");
    }

    // ---------------------------------------------------------------- populate

    @Test
    void populateReadMapsZeroPagesAndPopulateWriteReplacesThem() {
        lab.map(0, 4, RW);
        assertThat(madvise(0, 4, Advice.POPULATE_READ)).isZero();
        assertThat(Pte.isSpecial(lab.pte(3))).isTrue();
        assertThat(madvise(1, 3, Advice.POPULATE_WRITE)).isZero();
        assertThat(lab.isExclusive(lab.pfn(1)) && lab.isExclusive(lab.pfn(2))).isTrue();
        long faults = lab.count(Counter.FAULT_MINOR);
        assertThat(madvise(1, 3, Advice.POPULATE_WRITE)).isZero();
        assertThat(lab.count(Counter.FAULT_MINOR)).as("all are there").isEqualTo(faults);
    }

    @Test
    void populateBreaksCow() {
        MmStruct child = lab.writeAndFork();
        assertThat(madvise(0, 1, Advice.POPULATE_WRITE)).isZero();
        assertThat(lab.pfn(0)).isNotEqualTo(lab.pfn(child, 0));
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void populateWantsTheRightsAndNoGuardAndMemory() {
        lab.map(0, 2, RO);
        assertThat(madvise(0, 2, Advice.POPULATE_WRITE)).isEqualTo(Errno.EINVAL.code());
        lab.map(4, 6, 0);
        assertThat(madvise(4, 6, Advice.POPULATE_READ)).isEqualTo(Errno.EINVAL.code());
        lab.map(8, 12, RW);
        assertThat(madvise(9, 10, Advice.GUARD_INSTALL)).isZero();
        assertThat(madvise(8, 12, Advice.POPULATE_WRITE)).isEqualTo(Errno.EFAULT.code());
        assertThat(lab.isExclusive(lab.pfn(8))).isTrue();
        lab.kernel.failures().failAllAfter(0);
        assertThat(madvise(11, 12, Advice.POPULATE_WRITE)).isEqualTo(Errno.ENOMEM.code());
        lab.kernel.failures().off();
    }

    // ---------------------------------------------------------------- another process

    @Test
    void anotherProcessMayOnlyBeGivenHarmlessAdvice() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        assertThat(remote(child, Advice.DONTNEED)).isEqualTo(Errno.EINVAL.code());
        assertThat(remote(child, Advice.WILLNEED)).isEqualTo(2 * 4096);
        assertThat(remote(lab.mm, Advice.DONTNEED)).isEqualTo(2 * 4096);
        assertThat(lab.read(child, 0)).isEqualTo(7);
        assertThat(lab.read(0)).isZero();
    }

    @Test
    void adviceForAHoleIsAnError() {
        lab.map(0, 1, RW);
        assertThat(remote(lab.mm, Advice.DONTFORK)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.picture(1)).isEqualTo("d");
    }

    // ---------------------------------------------------------------- limits

    @Test
    void vmaIsNotSplitBeyondTheLimit() {
        lab.map(0, 6, RW);
        lab.mm.limits().limitMapCount(1);
        assertThat(madvise(2, 4, Advice.DONTFORK)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.munmap(2, 4)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.mprotect(2, 4, RO)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.picture(6)).isEqualTo("wwwwww");
        assertThat(lab.munmap(4, 6)).as("needs no more VMAs").isZero();
    }

    @Test
    void addressSpaceIsLimited() {
        lab.map(0, 4, RW);
        lab.mm.limits().limitAddressSpace(5 * 4096);
        MemoryMap map = lab.kernel.memoryMap();
        assertThat(map.mmapAnonymous(lab.cpu, lab.mm, at(8), 2 * 4096, RW, true)).isEqualTo(Errno.ENOMEM.code());
        assertThat(map.mremap(lab.cpu, lab.mm, at(0), 4 * 4096, 0, 6 * 4096, 0)).isEqualTo(Errno.ENOMEM.code());
        assertThat(map.mremap(lab.cpu, lab.mm, at(0), 4 * 4096, 0, 5 * 4096, 0)).isZero();
    }
}
