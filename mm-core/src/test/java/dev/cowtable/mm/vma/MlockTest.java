package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** mlock(), munlock() and MAP_LOCKED. */
class MlockTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.kernel.lru().lruAddDrainAll(lab.cpu);
        lab.assertConsistent();
    }

    private int mlock(long first, long end) {
        return lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(first), (end - first) * 4096, false);
    }

    private int onfault(long first, long end) {
        return lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(first), (end - first) * 4096, true);
    }

    private int munlock(long first, long end) {
        return lab.kernel.memoryMap().munlock(lab.cpu, lab.mm, at(first), (end - first) * 4096);
    }

    private boolean isMlocked(long page) {
        return lab.kernel.memMap().testFlag(lab.pfn(page), PageFlags.MLOCKED);
    }

    @Test
    void pagesThatAreThereAreMarkedAndTheRestIsFaultedIn() {
        lab.map(0, 3, RW);
        lab.write(0, 7);
        assertThat(lab.read(1)).isZero();
        assertThat(mlock(0, 3)).isZero();
        assertThat(isMlocked(0) && isMlocked(1) && isMlocked(2)).isTrue();
        assertThat(lab.isExclusive(lab.pfn(1))).as("a zero page was replaced").isTrue();
        assertThat(lab.mm.lockedVm()).isEqualTo(3);
    }

    @Test
    void onfaultLocksOnlyWhatIsUsed() {
        lab.map(0, 3, RW);
        assertThat(onfault(0, 3)).isZero();
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
        lab.write(1, 7);
        assertThat(isMlocked(1)).isTrue();
        assertThat(mlock(0, 3)).isZero();
        assertThat(lab.mm.lockedVm()).as("not counted twice").isEqualTo(3);
        assertThat(isMlocked(0)).isTrue();
    }

    @Test
    void unlockedPagesLoseTheMark() {
        lab.map(0, 4, RW);
        assertThat(mlock(0, 4)).isZero();
        assertThat(munlock(1, 3)).isZero();
        assertThat(isMlocked(0) && isMlocked(3)).isTrue();
        assertThat(isMlocked(1) || isMlocked(2)).isFalse();
        assertThat(lab.mm.lockedVm()).isEqualTo(2);
        assertThat(lab.mm.vmas()).hasSize(3);
        assertThat(munlock(0, 4)).isZero();
        assertThat(lab.mm.vmas()).hasSize(1);
    }

    @Test
    void childInheritsNoLock() {
        lab.map(0, 2, RW);
        assertThat(mlock(0, 2)).isZero();
        var child = lab.fork(lab.mm);
        assertThat(child.lockedVm()).isZero();
        assertThat(lab.vma(child, 0).has(VmFlags.LOCKED)).isFalse();
    }

    @Test
    void unmappingGivesTheCountBack() {
        lab.map(0, 4, RW);
        assertThat(mlock(0, 4)).isZero();
        assertThat(lab.munmap(1, 3)).isZero();
        assertThat(lab.mm.lockedVm()).isEqualTo(2);
    }

    // ww.ww: the part before the hole gets the flag, nothing is faulted in
    @Test
    void holeEndsTheCallBeforeAnythingIsFaultedIn() {
        lab.map(0, 2, RW);
        lab.map(3, 5, RW);
        assertThat(mlock(0, 5)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.vma(0).has(VmFlags.LOCKED)).isTrue();
        assertThat(lab.vma(3).has(VmFlags.LOCKED)).isFalse();
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
        assertThat(lab.mm.lockedVm()).isEqualTo(2);
        assertThat(mlock(2, 5)).isEqualTo(Errno.ENOMEM.code());
        assertThat(munlock(0, 5)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.mm.lockedVm()).isZero();
    }

    @Test
    void inaccessibleMemoryIsLockedAndReported() {
        lab.map(0, 2, 0);
        assertThat(mlock(0, 2)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.mm.lockedVm()).isEqualTo(2);
    }

    @Test
    void guardStopsTheFaultingIn() {
        lab.map(0, 3, RW);
        lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(1), 4096, Advice.GUARD_INSTALL);
        assertThat(mlock(0, 3)).isEqualTo(Errno.ENOMEM.code());
        assertThat(isMlocked(0)).isTrue();
        assertThat(lab.pte(2)).isEqualTo(Pte.NONE);
    }

    @Test
    void lackOfMemoryIsTryAgain() {
        lab.map(0, 3, RW);
        lab.kernel.failures().failAllAfter(0);
        assertThat(mlock(0, 3)).isEqualTo(Errno.EAGAIN.code());
        lab.kernel.failures().off();
        assertThat(lab.vma(0).has(VmFlags.LOCKED)).isTrue();
    }

    @Test
    void readOnlyLockedPageIsCopiedWhenItBecomesWritable() {
        lab.map(0, 2, RO);
        assertThat(mlock(0, 2)).isZero();
        assertThat(Pte.isSpecial(lab.pte(0))).isTrue();
        assertThat(lab.mprotect(0, 2, RW)).isZero();
        assertThat(lab.isExclusive(lab.pfn(0)) && isMlocked(1)).isTrue();
    }

    @Test
    void limitCountsEachPageOnce() {
        lab.map(0, 4, RW);
        lab.mm.limits().limitMemlock(2 * 4096);
        assertThat(mlock(0, 2)).isZero();
        assertThat(mlock(0, 2)).isZero();
        assertThat(mlock(0, 3)).isEqualTo(Errno.ENOMEM.code());
        lab.mm.limits().limitMemlock(0);
        assertThat(mlock(0, 1)).isEqualTo(Errno.EPERM.code());
    }

    @Test
    void mappingMayBeLockedFromTheStart() {
        MemoryMap map = lab.kernel.memoryMap();
        assertThat(map.mmap(lab.cpu, lab.mm, at(0), 2 * 4096, RW, MemoryMap.MAP_LOCKED)).isZero();
        assertThat(isMlocked(0) && isMlocked(1)).isTrue();
        assertThat(lab.mm.lockedVm()).isEqualTo(2);
        lab.mm.limits().limitMemlock(3 * 4096);
        assertThat(map.mmap(lab.cpu, lab.mm, at(8), 2 * 4096, RW, MemoryMap.MAP_LOCKED))
                .isEqualTo(Errno.EAGAIN.code());
    }
}
