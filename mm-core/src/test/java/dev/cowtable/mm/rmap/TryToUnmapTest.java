package dev.cowtable.mm.rmap;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each mapper of a page is left with, and what keeps a page where it is. */
class TryToUnmapTest {
    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;
    private final TryToUnmap unmap = new TryToUnmap(s.kernel);
    private long pfn;

    @BeforeEach
    void writeOnePage() {
        s.swapon(SwapInfo.Kind.FILE);
        s.mapWritten(0, 1);
        lab.drain();
        pfn = lab.pfn(0);
    }

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    /** Unmaps the page as reclaim does: isolated, locked, with a slot unless it is lazily freeable. */
    private void tryToUnmap(int flags) {
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isTrue();
        assertThat(s.memMap.folioTrylock(s.cpu, pfn)).isTrue();
        if (s.has(pfn, PageFlags.SWAPBACKED) && s.has(pfn, PageFlags.ANON) && !s.has(pfn, PageFlags.SWAPCACHE)) {
            assertThat(s.kernel.swap().folioAllocSwap(s.cpu, pfn)).isTrue();
        }
        unmap.tryToUnmap(s.cpu, pfn, flags);
        s.memMap.folioUnlock(s.cpu, pfn);
        s.lru.folioPutbackLru(s.cpu, pfn);
        lab.drain();
    }

    private void tryToUnmap() {
        tryToUnmap(0);
    }

    // ---------------------------------------------------------------- swap entries

    @Test
    void onlyMapperIsLeftWithAnExclusiveSwapEntry() {
        tryToUnmap();
        assertThat(SwpEntry.isSlot(lab.pte(0)) && SwpEntry.isExclusive(lab.pte(0))).isTrue();
        assertThat(s.memMap.mapcount(pfn)).isZero();
        assertThat(s.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(s.mm.rss(Rss.SWAPENTS)).isEqualTo(1);
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(lab.isExclusive(pfn)).isTrue();
    }

    @Test
    void everyMapperIsLeftWithTheSameEntryThatIsNobodysAlone() {
        MmStruct child = lab.fork(s.mm);
        MmStruct grandchild = lab.fork(child);
        tryToUnmap();
        assertThat(SwpEntry.isExclusive(lab.pte(0))).isFalse();
        assertThat(lab.pte(child, 0)).isEqualTo(lab.pte(0));
        assertThat(lab.pte(grandchild, 0)).isEqualTo(lab.pte(0));
        assertThat(s.kernel.swap().swapCount(lab.pte(0))).isEqualTo(3);
    }

    @Test
    void entryIsFlushedBeforeThePageLosesItsMapping() {
        lab.write(0, 7);
        tryToUnmap();
        lab.write(0, 8);
        assertThat(lab.read(0)).isEqualTo(8);
        assertThat(s.memMap.mapcount(lab.pfn(0))).isEqualTo(1);
    }

    @Test
    void pageWithoutAccessRightsIsUnmappedAsWell() {
        assertThat(lab.mprotect(0, 1, 0)).isZero();
        tryToUnmap();
        assertThat(s.look(0, 1)).isEqualTo("s");
        assertThat(lab.faultOfRead(s.mm, 0)).isEqualTo(UserFault.SEGV_ACCERR);
    }

    // ---------------------------------------------------------------- what keeps a page

    @Test
    void pinnedPageStaysMappedAndExclusive() {
        long before = lab.pte(0);
        s.memMap.pageRefAdd(s.cpu, pfn, MemMap.PIN_BIAS);
        tryToUnmap();
        assertThat(Pte.same(lab.pte(0), before)).isTrue();
        assertThat(lab.isExclusive(pfn)).isTrue();
        assertThat(s.kernel.swap().swapCount(s.memMap.swap(pfn))).isZero();
        s.kernel.putPages(s.cpu, pfn, MemMap.PIN_BIAS);
    }

    @Test
    void pageOfALockedMappingStaysAndIsMlockedIfThatWasMissed() {
        s.mlock(s.mm, 0, 1, true);
        lab.drain();
        s.memMap.clearFlag(s.cpu, pfn, PageFlags.MLOCKED);
        tryToUnmap();
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(s.isMlocked(pfn)).isTrue();
        tryToUnmap(TryToUnmap.IGNORE_MLOCK);
        assertThat(s.look(0, 1)).isEqualTo("s");
    }

    @Test
    void pageStaysIfTheSlotsCountCannotGrow() {
        assertThat(s.lru.folioIsolateLru(s.cpu, pfn)).isTrue();
        assertThat(s.memMap.folioTrylock(s.cpu, pfn)).isTrue();
        assertThat(s.kernel.swap().folioAllocSwap(s.cpu, pfn)).isTrue();
        long entry = s.memMap.swap(pfn);
        for (int count = 0; count < SwapInfo.SWAP_MAP_MAX; count++) {
            assertThat(s.kernel.swap().swapDuplicate(s.cpu, entry)).isTrue();
        }
        s.kernel.failures().failOnceAfter(0);
        unmap.tryToUnmap(s.cpu, pfn, 0);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(lab.isExclusive(pfn)).isTrue();
        for (int count = 0; count < SwapInfo.SWAP_MAP_MAX; count++) {
            s.kernel.swap().swapFree(s.cpu, entry);
        }
        s.memMap.folioUnlock(s.cpu, pfn);
        s.lru.folioPutbackLru(s.cpu, pfn);
    }

    // ---------------------------------------------------------------- lazily freed pages

    @Test
    void cleanLazyfreePageIsDropped() {
        s.makeLazyfree(0, 1);
        tryToUnmap();
        assertThat(s.look(0, 1)).isEqualTo("-");
        assertThat(s.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(lab.read(0)).isZero();
    }

    @Test
    void writtenLazyfreePageStaysAndIsBackedBySwapAgain() {
        s.makeLazyfree(0, 1);
        lab.write(0, 9);
        assertThat(s.look(0, 1)).isEqualTo("l");
        tryToUnmap();
        assertThat(s.look(0, 1)).isEqualTo("p");
        assertThat(lab.read(0)).isEqualTo(9);
    }

    @Test
    void lazyfreePageThatSomeoneHasAReferenceOnStaysLazyfree() {
        s.makeLazyfree(0, 1);
        s.memMap.pageRefAdd(s.cpu, pfn, 1);
        tryToUnmap();
        assertThat(s.look(0, 1)).isEqualTo("l");
        s.kernel.putPage(s.cpu, pfn);
    }

    // ---------------------------------------------------------------- other entries

    @Test
    void pageOfSharedMemoryLeavesNothingBehindAndIsFoundAgain() {
        assertThat(s.kernel.memoryMap().mmapShared(s.cpu, s.mm, at(8), 4096, RW, false)).isZero();
        lab.write(8, 5);
        MmStruct child = lab.fork(s.mm);
        assertThat(lab.read(child, 8)).isEqualTo(5);
        lab.drain();
        pfn = lab.pfn(8);
        tryToUnmap();
        assertThat(lab.pte(8) | lab.pte(child, 8)).isZero();
        assertThat(s.mm.rss(Rss.SHMEMPAGES) + child.rss(Rss.SHMEMPAGES)).isZero();
        assertThat(s.has(pfn, PageFlags.DIRTY)).isTrue();
        assertThat(lab.read(8)).isEqualTo(5);
        assertThat(lab.pfn(8)).isEqualTo(pfn);
    }

    @Test
    void brokenFrameLeavesAPoisonedEntry() {
        s.memMap.setFlag(s.cpu, pfn, PageFlags.HWPOISON);
        tryToUnmap(TryToUnmap.IGNORE_MLOCK | TryToUnmap.HWPOISON);
        assertThat(SwpEntry.isHwpoison(lab.pte(0))).isTrue();
        assertThat(SwpEntry.pfn(lab.pte(0))).isEqualTo(pfn);
        assertThat(s.mm.rss(Rss.ANONPAGES)).isZero();
        lab.munmap(0, 1);
        s.memMap.clearFlag(s.cpu, pfn, PageFlags.HWPOISON);
    }
}
