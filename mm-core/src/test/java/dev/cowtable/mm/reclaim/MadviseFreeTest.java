package dev.cowtable.mm.reclaim;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which pages MADV_FREE marks, and when they go. */
class MadviseFreeTest {
    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private void free(long first, long end) {
        assertThat(s.madvise(first, end, Advice.FREE)).isZero();
    }

    private void pageout(long first, long end) {
        assertThat(s.madvise(first, end, Advice.PAGEOUT)).isZero();
    }

    @Test
    void pageKeepsItsContentAndItsRightsUntilMemoryIsWanted() {
        s.mapWritten(0, 2);
        s.makeLazyfree(0, 1);
        assertThat(s.look(0, 2)).isEqualTo("lp");
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(Pte.isWritable(lab.pte(0))).isTrue();
        assertThat(Pte.isDirty(lab.pte(0))).isFalse();
        pageout(0, 1);
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
        assertThat(lab.read(0)).isZero();
    }

    @Test
    void writeShowsInTheEntryAloneAndSavesThePage() {
        s.mapWritten(0, 1);
        s.makeLazyfree(0, 1);
        long faults = lab.count(Counter.FAULT_MINOR);
        lab.write(0, 9);
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(faults);
        assertThat(s.look(0, 1)).isEqualTo("l");
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("p");
        assertThat(lab.read(0)).isEqualTo(9);
    }

    @Test
    void pageOfTwoProcessesIsMarkedForBothAndStaysWhileBothMapIt() {
        s.mapWritten(0, 1);
        MmStruct child = lab.fork(s.mm);
        s.makeLazyfree(0, 1);
        assertThat(s.look(child, 0, 1)).isEqualTo("l");
        pageout(0, 1);
        assertThat(lab.read(child, 0)).isEqualTo(1);
        lab.write(child, 0, 5);
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("-");
        assertThat(lab.read(child, 0)).isEqualTo(5);
    }

    @Test
    void pagesInSwapGoAtOnceWithTheirSlots() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 2);
        pageout(0, 2);
        free(0, 1);
        assertThat(s.look(0, 2)).isEqualTo("-s");
        assertThat(s.mm.rss(Rss.SWAPENTS)).isEqualTo(1);
        assertThat(s.kernel.swap().slotsInUse()).isEqualTo(1);
    }

    @Test
    void cachedPageLosesItsSlotUnlessAnotherEntryNamesIt() {
        s.swapon(SwapInfo.Kind.FILE);
        s.mapWritten(0, 2);
        pageout(0, 2);
        lab.read(0);
        MmStruct child = lab.fork(s.mm);
        lab.read(1);
        s.makeLazyfree(0, 2);
        assertThat(s.look(0, 2)).as("page 0 is mapped twice, the slot of page 1 is the child's too").isEqualTo("cc");
        s.kernel.exitMmap(s.cpu, child);
        s.makeLazyfree(0, 2);
        assertThat(s.look(0, 2)).isEqualTo("ll");
        assertThat(s.kernel.swap().slotsInUse()).isZero();
    }

    @Test
    void pageThatADeviceDirtiedIsCleanedIfNobodyElseMapsIt() {
        s.mapWritten(0, 1);
        s.memMap.setFlag(s.cpu, lab.pfn(0), PageFlags.DIRTY);
        MmStruct child = lab.fork(s.mm);
        s.makeLazyfree(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("p");
        s.kernel.exitMmap(s.cpu, child);
        s.makeLazyfree(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("l");
        assertThat(s.has(lab.pfn(0), PageFlags.DIRTY)).isFalse();
    }

    @Test
    void guardRegionsStay() {
        s.mapWritten(0, 2);
        assertThat(s.madvise(0, 1, Advice.GUARD_INSTALL)).isZero();
        long guard = lab.pte(0);
        s.makeLazyfree(0, 2);
        assertThat(lab.pte(0)).isEqualTo(guard);
    }

    @Test
    void sharedMemoryIsRefused() {
        assertThat(s.kernel.memoryMap().mmapShared(s.cpu, s.mm, at(0), 4096, RW, false)).isZero();
        assertThat(s.madvise(0, 1, Advice.FREE)).isEqualTo(Errno.EINVAL.code());
    }
}
