package dev.cowtable.mm.vma;

import dev.cowtable.mm.filemap.AddressSpace;
import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.pgtable.Pte;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What each advice does; in pictures {@code d} is a VMA that no child gets, {@code z} one that a child gets empty. */
class MadviseTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int madvise(long first, long end, Advice advice) {
        return lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(first), (end - first) * 4096, advice);
    }

    // ---------------------------------------------------------------- advice that changes VMA flags

    // wwwwww -> ww|dd|ww -> wwwwww
    @Test
    void dontforkSplitsAndDoforkMergesBack() {
        lab.map(0, 6, RW);
        assertThat(madvise(2, 4, Advice.DONTFORK)).isZero();
        assertThat(lab.picture(6)).isEqualTo("ww|dd|ww");
        assertThat(madvise(2, 4, Advice.DOFORK)).isZero();
        assertThat(lab.picture(6)).isEqualTo("wwwwww");
    }

    // wwwwww -> ww|zz|ww -> wwwwww
    @Test
    void wipeonforkSplitsAndKeeponforkMergesBack() {
        lab.map(0, 6, RW);
        lab.write(3, 7);
        assertThat(madvise(2, 4, Advice.WIPEONFORK)).isZero();
        assertThat(lab.picture(6)).isEqualTo("ww|zz|ww");
        assertThat(madvise(2, 4, Advice.KEEPONFORK)).isZero();
        assertThat(lab.picture(6)).isEqualTo("wwwwww");
        assertThat(lab.read(3)).isEqualTo(7);
    }

    // ww..ww -> dd..dd and ENOMEM
    @Test
    void holeIsReportedAfterTheRestWasAdvised() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
        assertThat(madvise(0, 6, Advice.DONTFORK)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.picture(6)).isEqualTo("dd..dd");
    }

    // wwww.. -> dddd.. and ENOMEM
    @Test
    void holeAtTheEndIsReported() {
        lab.map(0, 4, RW);
        assertThat(madvise(0, 6, Advice.DONTFORK)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.picture(6)).isEqualTo("dddd..");
    }

    @Test
    void onlyPrivateAnonymousMemoryIsWiped() {
        lab.mapFlags(0, 2, RO | VmFlags.MAY_FLAGS, new AddressSpace("lib", false), 0);
        lab.mapFlags(2, 4, RW | VmFlags.MAY_FLAGS | VmFlags.SHARED, null, 0);
        assertThat(madvise(0, 2, Advice.WIPEONFORK)).isEqualTo(Errno.EINVAL.code());
        assertThat(madvise(2, 4, Advice.WIPEONFORK)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.picture(4)).isEqualTo("rr|ww");
    }

    @Test
    void deviceMemoryIsNotGivenToChildrenAgain() {
        lab.mapFlags(0, 2, RW | VmFlags.MAY_FLAGS | VmFlags.IO | VmFlags.DONTCOPY, null, 0);
        assertThat(madvise(0, 2, Advice.DOFORK)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.picture(2)).isEqualTo("dd");
    }

    @Test
    void emptyRangeSucceedsAndReversedRangeIsRefused() {
        assertThat(madvise(2, 2, Advice.DONTFORK)).isZero();
        assertThat(madvise(2, 1, Advice.DONTNEED)).isEqualTo(Errno.EINVAL.code());
    }

    // ---------------------------------------------------------------- MADV_DONTNEED

    @Test
    void droppedPagesReadAsZeros() {
        lab.map(0, 4, RW);
        lab.write(0, 1);
        lab.write(1, 2);
        long pfn = lab.pfn(1);
        assertThat(madvise(1, 2, Advice.DONTNEED)).isZero();
        lab.kernel.lru().lruAddDrain(lab.cpu);
        assertThat(lab.kernel.memMap().pageRefCount(pfn)).isZero();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(lab.read(1)).isZero();
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(lab.picture(4)).isEqualTo("wwww");
    }

    // w.w: both are dropped, and ENOMEM
    @Test
    void holeIsReportedAfterBothSidesWereDropped() {
        lab.map(0, 1, RW);
        lab.map(2, 3, RW);
        lab.write(0, 1);
        lab.write(2, 2);
        assertThat(madvise(0, 3, Advice.DONTNEED)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(lab.read(0) + lab.read(2)).isZero();
    }

    @Test
    void dropOverTwoVmasSucceeds() {
        lab.map(0, 2, RW);
        lab.write(1, 1);
        lab.mprotect(0, 1, RO);
        lab.write(1, 1);
        assertThat(madvise(0, 2, Advice.DONTNEED)).isZero();
        assertThat(lab.pte(1)).isEqualTo(Pte.NONE);
    }

    @Test
    void lockedMemoryIsNotDropped() {
        lab.mapFlags(0, 2, RW | VmFlags.MAY_FLAGS | VmFlags.LOCKED, null, 0);
        lab.write(0, 7);
        assertThat(madvise(0, 2, Advice.DONTNEED)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void wholeBlockGivesItsTableBack() {
        lab.map(0, 1024, RW);
        lab.write(0, 1);
        lab.write(600, 2);
        assertThat(madvise(512, 1024, Advice.DONTNEED)).isZero();
        assertThat(lab.mm.tables(1)).isEqualTo(1);
        assertThat(lab.read(600)).isZero();
        assertThat(lab.read(0)).isEqualTo(1);
    }

    @Test
    void partOfABlockKeepsItsTable() {
        lab.map(0, 1024, RW);
        lab.write(600, 2);
        madvise(513, 1024, Advice.DONTNEED);
        assertThat(lab.mm.tables(1)).isEqualTo(1);
        assertThat(lab.pte(600)).isEqualTo(Pte.NONE);
    }

    @Test
    void droppedPageOfAChildStaysWithTheParent() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        lab.kernel.memoryMap().madvise(lab.cpu, child, at(0), 4096, Advice.DONTNEED);
        assertThat(lab.read(child, 0)).isZero();
        assertThat(lab.read(0)).isEqualTo(7);
    }
}
