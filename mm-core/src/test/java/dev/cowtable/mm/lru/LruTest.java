package dev.cowtable.mm.lru;

import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How pages come to the LRU lists, move between them and leave them, and what the batches hold meanwhile. */
class LruTest {
    private static final int BATCH = 31;

    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private boolean isOnList(long pfn) {
        return s.has(pfn, PageFlags.LRU);
    }

    private List<Long> pagesOf(LruList list) {
        List<Long> pages = new ArrayList<>();
        s.lru.scan().forEach(list, pages::add);
        return pages;
    }

    private void writeOn(Cpu cpu, MmStruct mm, long page, int value) {
        assertThat(s.kernel.userAccess().writeByte(cpu, mm, MmLab.at(page), value)).isZero();
    }

    // ---------------------------------------------------------------- the batch of new pages

    @Test
    void newPageWaitsInABatchThatHoldsAReference() {
        s.mapWritten(0, 1);
        assertThat(isOnList(lab.pfn(0))).isFalse();
        assertThat(s.lru.references(lab.pfn(0))).isEqualTo(1);
        assertThat(s.memMap.pageRefCount(lab.pfn(0))).isEqualTo(2);
    }

    @Test
    void fullBatchIsEmptiedAtOnce() {
        s.mapWritten(0, BATCH - 1);
        assertThat(s.lru.scan().count(LruList.INACTIVE_ANON)).isZero();
        lab.map(BATCH - 1, BATCH, RW);
        lab.write(BATCH - 1, 1);
        assertThat(s.lru.scan().count(LruList.INACTIVE_ANON)).isEqualTo(BATCH);
        assertThat(s.lru.references(lab.pfn(0))).isZero();
    }

    @Test
    void drainPutsNewPagesOnTheInactiveListOldestFirst() {
        s.mapWritten(0, 3);
        s.lru.lruAddDrain(s.cpu);
        assertThat(pagesOf(LruList.INACTIVE_ANON)).containsExactly(lab.pfn(0), lab.pfn(1), lab.pfn(2));
    }

    @Test
    void drainOfOneCpuLeavesTheBatchesOfOthers() {
        s.mapWritten(0, 1);
        s.lru.lruAddDrain(s.otherCpu);
        assertThat(isOnList(lab.pfn(0))).isFalse();
        s.lru.lruAddDrainAll(s.otherCpu);
        assertThat(isOnList(lab.pfn(0))).isTrue();
    }

    @Test
    void pageInTheOwnBatchIsDrainedAndReused() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        s.kernel.exitMmap(s.cpu, lab.fork(s.mm));
        lab.write(0, 7);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(isOnList(pfn)).isTrue();
    }

    @Test
    void pageInAnotherCpusBatchIsCopied() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        s.kernel.exitMmap(s.cpu, lab.fork(s.mm));
        writeOn(s.otherCpu, s.mm, 0, 7);
        assertThat(lab.pfn(0)).isNotEqualTo(pfn);
        assertThat(s.memMap.pageRefCount(pfn)).as("the batch's reference").isEqualTo(1);
        lab.drain();
        assertThat(s.memMap.pageRefCount(pfn)).isZero();
    }

    @Test
    void unmappedPageLivesUntilItsBatchIsDrained() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        lab.munmap(0, 1);
        assertThat(s.memMap.pageRefCount(pfn)).isEqualTo(1);
        lab.drain();
        assertThat(s.memMap.pageRefCount(pfn)).isZero();
        assertThat(s.lru.scan().count(LruList.INACTIVE_ANON)).isZero();
    }

    // ---------------------------------------------------------------- off the lists

    @Test
    void freedPageLeavesItsList() {
        s.mapWritten(0, 3);
        lab.drain();
        long first = lab.pfn(0);
        long last = lab.pfn(2);
        lab.munmap(1, 2);
        assertThat(pagesOf(LruList.INACTIVE_ANON)).containsExactly(first, last);
    }

    @Test
    void isolatedPageIsOnNoListUntilItIsPutBackAndDrained() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isFalse();
        lab.drain();
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isTrue();
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isFalse();
        assertThat(pagesOf(LruList.INACTIVE_ANON)).isEmpty();
        s.lru.folioPutbackLru(s.cpu, pfn);
        assertThat(isOnList(pfn)).isFalse();
        lab.drain();
        assertThat(pagesOf(LruList.INACTIVE_ANON)).containsExactly(pfn);
    }

    // ---------------------------------------------------------------- between the lists

    @Test
    void secondAccessMakesAPageActiveOnceItsBatchIsDrained() {
        s.mapWritten(0, 1);
        lab.drain();
        long pfn = lab.pfn(0);
        s.lru.folioMarkAccessed(s.cpu, pfn);
        assertThat(s.has(pfn, PageFlags.REFERENCED)).isTrue();
        s.lru.folioMarkAccessed(s.cpu, pfn);
        assertThat(s.has(pfn, PageFlags.ACTIVE | PageFlags.REFERENCED)).isFalse();
        lab.drain();
        assertThat(pagesOf(LruList.ACTIVE_ANON)).containsExactly(pfn);
    }

    @Test
    void secondAccessToAPageInTheOwnBatchMarksItActiveThere() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        s.lru.folioMarkAccessed(s.cpu, pfn);
        s.lru.folioMarkAccessed(s.cpu, pfn);
        assertThat(s.lru.references(pfn)).isEqualTo(1);
        lab.drain();
        assertThat(pagesOf(LruList.ACTIVE_ANON)).containsExactly(pfn);
    }

    // Recorded on Linux 6.18: two reads of /proc/PID/mem, then a write: a new frame.
    @Test
    void pageThatIsToBeActivatedIsOnItsListAllTheSameAndCopied() {
        s.mapWritten(0, 1);
        lab.drain();
        long pfn = lab.pfn(0);
        s.kernel.exitMmap(s.cpu, lab.fork(s.mm));
        s.lru.folioMarkAccessed(s.cpu, pfn);
        s.lru.folioMarkAccessed(s.cpu, pfn);
        lab.write(0, 9);
        assertThat(lab.pfn(0)).isNotEqualTo(pfn);
    }

    @Test
    void deactivatedPageIsTheYoungestOfTheInactiveOnes() {
        s.mapWritten(0, 2);
        lab.drain();
        for (int i = 0; i < 2; i++) {
            s.lru.folioMarkAccessed(s.cpu, lab.pfn(0));
        }
        lab.drain();
        s.lru.folioDeactivate(s.cpu, lab.pfn(0));
        lab.drain();
        assertThat(pagesOf(LruList.INACTIVE_ANON)).containsExactly(lab.pfn(1), lab.pfn(0));
        s.lru.folioDeactivate(s.cpu, lab.pfn(1));
        assertThat(s.lru.references(lab.pfn(1))).as("an inactive page is left alone").isZero();
    }

    @Test
    void lazilyFreedPageBecomesOneOfTheFilesListWhenItsBatchIsDrained() {
        s.mapWritten(0, 1);
        long pfn = lab.pfn(0);
        assertThat(s.madvise(0, 1, Advice.FREE)).isZero();
        assertThat(s.has(pfn, PageFlags.SWAPBACKED)).isTrue();
        assertThat(s.lru.references(pfn)).isEqualTo(1);
        lab.drain();
        assertThat(s.has(pfn, PageFlags.SWAPBACKED)).isFalse();
        assertThat(pagesOf(LruList.INACTIVE_FILE)).containsExactly(pfn);
    }

    @Test
    void pageOnNoListIsNotMarkedLazyfree() {
        s.mapWritten(0, 1);
        s.lru.folioMarkLazyfree(s.cpu, lab.pfn(0));
        assertThat(s.lru.references(lab.pfn(0))).isEqualTo(1);
        lab.drain();
        assertThat(s.has(lab.pfn(0), PageFlags.SWAPBACKED)).isTrue();
    }
}
