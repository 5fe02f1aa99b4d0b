package dev.cowtable.mm.lru;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a page becomes mlocked, and when it ceases to be: as Linux shows it in the recorded scenarios. */
class MlockBatchTest {
    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private boolean isUnevictable(long pfn) {
        return s.has(pfn, PageFlags.UNEVICTABLE);
    }

    @Test
    void newPageOfALockedMappingIsMlockedAtOnceAndUnevictableOnceDrained() {
        lab.map(0, 1, MmLab.RW);
        s.mlock(s.mm, 0, 1, true);
        lab.write(0, 1);
        assertThat(s.isMlocked(lab.pfn(0))).isTrue();
        assertThat(isUnevictable(lab.pfn(0))).isFalse();
        lab.drain();
        assertThat(isUnevictable(lab.pfn(0))).isTrue();
        assertThat(s.lru.scan().count(LruList.UNEVICTABLE)).isEqualTo(1);
        assertThat(s.lru.scan().count(LruList.INACTIVE_ANON)).isZero();
    }

    @Test
    void copyInALockedMappingIsMlockedAndTheOldPageNoMoreOnceDrained() {
        s.mapWritten(0, 1);
        s.mlock(s.mm, 0, 1, false);
        long old = lab.pfn(0);
        MmStruct child = lab.fork(s.mm);
        lab.write(0, 7);
        assertThat(s.isMlocked(lab.pfn(0))).isTrue();
        assertThat(s.isMlocked(old)).isTrue();
        lab.drain();
        assertThat(s.isMlocked(old)).isFalse();
        assertThat(lab.pfn(child, 0)).isEqualTo(old);
    }

    @Test
    void childsCopyIsNotMlockedAndLeavesTheParentsPageAsItWas() {
        s.mapWritten(0, 1);
        s.mlock(s.mm, 0, 1, false);
        long pfn = lab.pfn(0);
        MmStruct child = lab.fork(s.mm);
        lab.write(child, 0, 7);
        lab.drain();
        assertThat(s.isMlocked(lab.pfn(child, 0))).isFalse();
        assertThat(s.isMlocked(pfn)).isTrue();
    }

    @Test
    void pageOfTwoLockedMappingsStaysMlockedUntilBothLetGo() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        MmStruct child = lab.fork(s.mm);
        s.mlock(s.mm, 0, 1, true);
        s.mlock(child, 0, 1, true);
        assertThat(lab.pfn(child, 0)).isEqualTo(pfn);
        s.munlock(s.mm, 0, 1);
        lab.drain();
        assertThat(s.isMlocked(pfn) && isUnevictable(pfn)).isTrue();
        s.munlock(child, 0, 1);
        lab.drain();
        assertThat(s.isMlocked(pfn) || isUnevictable(pfn)).isFalse();
        assertThat(s.lru.scan().count(LruList.INACTIVE_ANON)).isEqualTo(1);
    }

    @Test
    void unmappingALockedMappingUnlocksItsPages() {
        s.mapWritten(0, 2);
        s.mlock(s.mm, 0, 2, false);
        MmStruct child = lab.fork(s.mm);
        lab.munmap(0, 1);
        assertThat(s.isMlocked(lab.pfn(child, 0))).isTrue();
        lab.drain();
        assertThat(s.isMlocked(lab.pfn(child, 0))).isFalse();
        assertThat(s.isMlocked(lab.pfn(child, 1))).isTrue();
        s.kernel.exitMmap(s.cpu, s.mm);
        lab.drain();
        assertThat(s.isMlocked(lab.pfn(child, 1))).isFalse();
    }

    @Test
    void lockAndUnlockOfAPageOnNoListStillChangeTheMark() {
        s.mapWritten(0, 1);
        lab.drain();
        long pfn = lab.pfn(0);
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isTrue();
        s.lru.mlockFolio(s.cpu, pfn);
        lab.drain();
        assertThat(s.isMlocked(pfn)).isTrue();
        s.lru.munlockFolio(s.cpu, pfn);
        lab.drain();
        assertThat(s.isMlocked(pfn)).isFalse();
        s.lru.folioPutbackLru(s.cpu, pfn);
    }

    @Test
    void isolatedPageThatIsMlockedMeanwhileComesBackUnevictable() {
        s.mapWritten(0, 1);
        lab.drain();
        long pfn = lab.pfn(0);
        long[] isolated = {pfn};
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isTrue();
        s.mlock(s.mm, 0, 1, true);
        s.lru.scan().moveFoliosToLru(s.cpu, isolated, 1);
        lab.drain();
        assertThat(isUnevictable(pfn)).isTrue();
        s.munlock(s.mm, 0, 1);
        lab.drain();
        assertThat(s.lru.scan().count(LruList.UNEVICTABLE)).isZero();
    }
}
