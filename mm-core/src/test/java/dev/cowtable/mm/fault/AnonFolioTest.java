package dev.cowtable.mm.fault;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.memfail.MemoryFailure;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Faults that map a large folio, and write faults on its pages. */
class AnonFolioTest {
    private static final int ORDER = 3;
    private static final int PAGES = 1 << ORDER;

    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();

    @BeforeEach
    void turnOn() {
        lab.kernel.setAnonFolioOrder(ORDER);
        lab.map(0, 4 * PAGES, RW);
    }

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private LargeFolio folio(MmStruct mm, long page) {
        return memMap.largeFolio(lab.pfn(mm, page));
    }

    // ---------------------------------------------------------------- the first write

    @Test
    void oneWriteFaultMapsTheWholeAlignedRange() {
        lab.write(PAGES + 3, 7);
        long head = lab.pfn(PAGES);
        for (int i = 0; i < PAGES; i++) {
            long pte = lab.pte(PAGES + i);
            assertThat(Pte.pfn(pte)).isEqualTo(head + i);
            assertThat(Pte.isWritable(pte) && Pte.isDirty(pte)).isTrue();
            assertThat(lab.isExclusive(head + i)).isTrue();
            assertThat(lab.read(PAGES + i)).isEqualTo(i == 3 ? 7 : 0);
        }
        assertThat(Pte.isNone(lab.pte(PAGES - 1)) && Pte.isNone(lab.pte(2 * PAGES))).isTrue();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(PAGES);
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(1);
        assertThat(memMap.pageRefCount(head)).isEqualTo(PAGES);
        assertThat(folio(lab.mm, PAGES).mapcount()).isEqualTo(PAGES);
    }

    @Test
    void readMapsTheZeroPageAndTheRangeStaysSmallThen() {
        assertThat(lab.read(2)).isZero();
        lab.write(0, 7);
        assertThat(memMap.isLarge(lab.pfn(0))).isFalse();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(1);
    }

    @Test
    void rangeThatDoesNotLieInTheVmaStaysSmall() {
        lab.munmap(5, 6);
        lab.write(0, 7);
        assertThat(memMap.isLarge(lab.pfn(0))).isFalse();
        assertThat(Pte.isNone(lab.pte(1))).isTrue();
    }

    @Test
    void withoutABlockOfMemoryASmallPageIsTaken() {
        lab.write(PAGES, 1);
        lab.kernel.failures().failOnceAfter(0);
        lab.write(0, 7);
        assertThat(memMap.isLarge(lab.pfn(0))).isFalse();
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void turnedOffEachFaultMapsOnePage() {
        lab.kernel.setAnonFolioOrder(0);
        lab.write(0, 7);
        assertThat(memMap.anyLarge()).isFalse();
        assertThat(Pte.isNone(lab.pte(1))).isTrue();
    }

    @Test
    void folioAsLargeAsATableIsRefused() {
        assertThatThrownBy(() -> lab.kernel.setAnonFolioOrder(9)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---------------------------------------------------------------- unmapping

    @Test
    void partlyUnmappedFolioKeepsItsFramesUntilItsLastPageGoes() {
        lab.write(0, 7);
        long free = lab.kernel.pageAllocator().freePageCount();
        lab.munmap(2, 5);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free);
        assertThat(folio(lab.mm, 0).mapcount()).isEqualTo(PAGES - 3);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(PAGES - 3);
        lab.assertConsistent();
        lab.munmap(0, 2);
        lab.munmap(5, PAGES);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free + PAGES);
    }

    @Test
    void unmappingCountsAFolioOnce() {
        lab.write(0, 7);
        long before = lab.count(Counter.ATOMIC);
        lab.munmap(0, PAGES);
        assertThat(lab.count(Counter.ATOMIC) - before).as("entries, mapcounts, large mapcount, references")
                .isEqualTo(PAGES + PAGES + 1 + 1);
    }

    // ---------------------------------------------------------------- copy on write

    @Test
    void writeAfterForkCopiesOneSmallPage() {
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        long head = lab.pfn(0);
        lab.write(3, 9);
        assertThat(memMap.isLarge(lab.pfn(3))).isFalse();
        assertThat(lab.pfn(child, 3)).isEqualTo(head + 3);
        assertThat(lab.pfn(2)).isEqualTo(head + 2);
        assertThat(lab.read(child, 3)).isZero();
        assertThat(lab.count(Counter.PAGE_COPY)).isEqualTo(1);
        assertThat(folio(child, 0).mapcount()).isEqualTo(2 * PAGES - 1);
    }

    @Test
    void pageOfAFolioThatIsTheProcesssAloneIsReusedPageByPage() {
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        long head = lab.pfn(0);
        lab.kernel.exitMmap(lab.cpu, child);
        lab.write(3, 9);
        assertThat(lab.pfn(3)).isEqualTo(head + 3);
        assertThat(lab.isExclusive(head + 3)).isTrue();
        assertThat(lab.isExclusive(head + 2)).isFalse();
        assertThat(lab.count(Counter.PAGE_COPY)).isZero();
        assertThat(lab.count(Counter.PAGE_REUSE)).isEqualTo(1);
    }

    /** The child maps another page of the same folio: that is enough. */
    @Test
    void pageIsCopiedWhileAnotherProcessMapsAnotherPageOfTheFolio() {
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        lab.kernel.memoryMap().munmap(lab.cpu, child, at(0), 7 * 4096L);
        lab.write(3, 9);
        assertThat(lab.count(Counter.PAGE_COPY)).isEqualTo(1);
    }

    @Test
    void referenceOnAnotherPageOfTheFolioForcesACopy() {
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        long head = lab.pfn(0);
        lab.kernel.exitMmap(lab.cpu, child);
        memMap.pageRefAdd(lab.cpu, head + 1, 1);
        lab.write(3, 9);
        assertThat(lab.count(Counter.PAGE_COPY)).isEqualTo(1);
        lab.kernel.putPage(lab.cpu, head + 1);
    }

    @Test
    void lastMappedPageOfAFolioIsCopiedSoThatTheFolioGoes() {
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        lab.kernel.exitMmap(lab.cpu, child);
        lab.munmap(1, PAGES);
        long free = lab.kernel.pageAllocator().freePageCount();
        lab.write(0, 9);
        assertThat(memMap.isLarge(lab.pfn(0))).isFalse();
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free + PAGES - 1);
    }

    // ---------------------------------------------------------------- what large folios are left out of

    @Test
    void pageOfALargeFolioCannotBeIsolated() {
        lab.write(0, 7);
        lab.drain();
        assertThat(lab.kernel.lru().folioIsolateLru(lab.cpu, lab.pfn(0))).isFalse();
        assertThat(memMap.pageRefCount(lab.pfn(0))).isEqualTo(PAGES);
    }

    @Test
    void brokenFrameInALargeFolioIsRefused() {
        lab.write(0, 7);
        assertThat(new MemoryFailure(lab.kernel).memoryFailure(lab.cpu, lab.pfn(2))).isEqualTo(Errno.EOPNOTSUPP.code());
        assertThat(lab.read(2)).isZero();
    }

    @Test
    void mlockLeavesALargeFolioAloneAndKeepsNoReference() {
        lab.write(0, 7);
        assertThat(lab.kernel.memoryMap().mlock(lab.cpu, lab.mm, at(0), PAGES * 4096L, false)).isZero();
        lab.kernel.lru().munlockFolio(lab.cpu, lab.pfn(3));
        assertThat(memMap.pageRefCount(lab.pfn(0))).as("no batch keeps one").isEqualTo(PAGES);
        lab.munmap(0, PAGES);
        lab.drain();
        assertThat(new InvariantChecker(lab.kernel).check()).isEmpty();
    }
}
