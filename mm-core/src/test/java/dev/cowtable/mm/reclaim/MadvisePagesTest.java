package dev.cowtable.mm.reclaim;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which pages MADV_COLD and MADV_PAGEOUT take, as Linux shows it in the recorded scenarios. */
class MadvisePagesTest {
    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private void pageout(long first, long end) {
        assertThat(s.madvise(first, end, Advice.PAGEOUT)).isZero();
    }

    // ---------------------------------------------------------------- what pageout takes

    @Test
    void usedPagesAreTakenAsWell() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 4);
        pageout(1, 3);
        assertThat(s.look(0, 4)).isEqualTo("pssp");
        assertThat(lab.read(1) * 10 + lab.read(2)).isEqualTo(23);
    }

    @Test
    void pagesThatOthersMapStay() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 2);
        MmStruct child = lab.fork(s.mm);
        lab.write(child, 1, 9);
        pageout(0, 2);
        assertThat(s.look(0, 2)).isEqualTo("ps");
        assertThat(s.look(child, 0, 2)).isEqualTo("pp");
    }

    @Test
    void pinnedPageStaysAndHasNoSlot() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        s.memMap.pageRefAdd(s.cpu, pfn, MemMap.PIN_BIAS);
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("p");
        assertThat(lab.isExclusive(pfn)).isTrue();
        s.kernel.putPages(s.cpu, pfn, MemMap.PIN_BIAS);
    }

    @Test
    void pageWithAPlainReferenceIsUnmappedAndStaysInTheSwapCache() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        s.memMap.pageRefAdd(s.cpu, pfn, 1);
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("s");
        lab.write(0, 7);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        s.kernel.putPage(s.cpu, pfn);
    }

    @Test
    void zeroPageAndHolesAreLeftAlone() {
        s.swapon(SwapInfo.Kind.ZRAM);
        lab.map(0, 3, RW);
        lab.read(1);
        pageout(0, 3);
        assertThat(lab.pfn(1)).isEqualTo(s.kernel.zeroPfn());
    }

    @Test
    void lockedMappingIsRefused() {
        s.mapWritten(0, 2);
        s.mlock(s.mm, 0, 1, true);
        assertThat(s.madvise(0, 1, Advice.PAGEOUT)).isEqualTo(Errno.EINVAL.code());
        assertThat(s.madvise(0, 1, Advice.COLD)).isEqualTo(Errno.EINVAL.code());
        assertThat(s.madvise(0, 1, Advice.FREE)).isEqualTo(Errno.EINVAL.code());
    }

    @Test
    void pageInAnotherCpusBatchIsOnNoListAndLeftAlone() {
        s.swapon(SwapInfo.Kind.ZRAM);
        lab.map(0, 1, RW);
        assertThat(s.kernel.userAccess().writeByte(s.otherCpu, s.mm, at(0), 5)).isZero();
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("p");
        lab.drain();
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("s");
    }

    @Test
    void withoutSwapPagesStayAndBecomeActive() {
        s.mapWritten(0, 1);
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("p");
        lab.drain();
        assertThat(s.lru.scan().count(LruList.ACTIVE_ANON)).isEqualTo(1);
    }

    // ---------------------------------------------------------------- what becomes of the pages

    @Test
    void pageWrittenToAFileStaysInTheSwapCacheUntilTheSecondTime() {
        s.swapon(SwapInfo.Kind.FILE);
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        pageout(0, 1);
        assertThat(s.kernel.swap().hasCache(lab.pte(0))).isTrue();
        lab.read(0);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        pageout(0, 1);
        assertThat(s.kernel.swap().hasCache(lab.pte(0))).isFalse();
        assertThat(s.memMap.pageRefCount(pfn)).isZero();
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(lab.count(Counter.FAULT_MAJOR)).isEqualTo(1);
    }

    @Test
    void pageOfZerosIsFreedAtOnceWhateverTheDevice() {
        s.swapon(SwapInfo.Kind.FILE);
        lab.map(0, 1, RW);
        lab.write(0, 0);
        long pfn = lab.pfn(0);
        pageout(0, 1);
        assertThat(s.look(0, 1)).isEqualTo("s");
        assertThat(s.memMap.pageRefCount(pfn)).isZero();
        assertThat(lab.read(0)).isZero();
    }

    @Test
    void pageOfSharedMemoryLeavesNothingInTheTableAndComesBack() {
        s.swapon(SwapInfo.Kind.ZRAM);
        assertThat(s.kernel.memoryMap().mmapShared(s.cpu, s.mm, at(0), 2 * 4096, RW, false)).isZero();
        lab.write(0, 5);
        lab.read(1);
        pageout(0, 2);
        assertThat(s.look(0, 2)).isEqualTo("--");
        assertThat(lab.read(0)).isEqualTo(5);
        assertThat(lab.read(1)).isZero();
    }

    // ---------------------------------------------------------------- cold

    @Test
    void coldPagesLookUnusedAndLeaveTheActiveList() {
        s.mapWritten(0, 2);
        lab.drain();
        for (int i = 0; i < 2; i++) {
            s.lru.folioMarkAccessed(s.cpu, lab.pfn(0));
        }
        lab.drain();
        assertThat(s.madvise(0, 1, Advice.COLD)).isZero();
        assertThat(lab.pte(0) & Entry.A).isZero();
        assertThat(lab.pte(1) & Entry.A).isNotZero();
        assertThat(s.has(lab.pfn(0), PageFlags.ACTIVE)).isTrue();
        lab.drain();
        assertThat(s.lru.scan().count(LruList.INACTIVE_ANON)).isEqualTo(2);
    }

    @Test
    void coldLeavesPagesThatOthersMap() {
        s.mapWritten(0, 1);
        lab.fork(s.mm);
        assertThat(s.madvise(0, 1, Advice.COLD)).isZero();
        assertThat(lab.pte(0) & Entry.A).isNotZero();
    }
}
