package dev.cowtable.mm.fork;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which entries fork counts together, and what that costs. */
class FolioBatchTest {
    private static final int PAGES = 8;

    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();

    @BeforeEach
    void writeOneFolio() {
        lab.kernel.setAnonFolioOrder(3);
        lab.map(0, 2 * PAGES, RW);
        lab.write(0, 7);
    }

    private LargeFolio folio() {
        return memMap.largeFolio(lab.pfn(0));
    }

    private void clear(long page, long bits) {
        lab.cpu.memory().fetchAndAnd(lab.ptePaddr(lab.mm, page), ~bits);
    }

    private long batchesOfFork() {
        long before = lab.count(Counter.FORK_BATCH);
        MmStruct child = lab.fork(lab.mm);
        lab.assertConsistent();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(lab.mm.rss(Rss.ANONPAGES));
        return lab.count(Counter.FORK_BATCH) - before;
    }

    // ---------------------------------------------------------------- counts

    @Test
    void wholeFolioIsCountedAtOnce() {
        long atomics = lab.count(Counter.ATOMIC);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.count(Counter.FORK_BATCH)).isEqualTo(1);
        assertThat(lab.count(Counter.ATOMIC) - atomics)
                .as("references, exclusive marks, mapcounts, large mapcount, entries").isEqualTo(1 + 8 + 8 + 1 + 8);
        assertThat(memMap.pageRefCount(lab.pfn(0))).isEqualTo(2 * PAGES);
        assertThat(folio().mapcount()).isEqualTo(2 * PAGES);
        assertThat(folio().isMaybeMappedShared()).isTrue();
        for (int page = 0; page < PAGES; page++) {
            assertThat(lab.pfn(child, page)).isEqualTo(lab.pfn(page));
            assertThat(Pte.isWritable(lab.pte(page)) || Pte.isWritable(lab.pte(child, page))).isFalse();
            assertThat(lab.pte(child, page) & (Entry.A | Entry.D)).isEqualTo(Entry.D);
            assertThat(lab.isExclusive(lab.pfn(page))).isFalse();
        }
        lab.assertConsistent();
    }

    @Test
    void smallPageIsABatchOfOne() {
        lab.kernel.setAnonFolioOrder(0);
        lab.write(PAGES, 1);
        lab.write(PAGES + 1, 1);
        assertThat(batchesOfFork()).isEqualTo(3);
    }

    // ---------------------------------------------------------------- what ends a batch

    @Test
    void cleanEntryAmongDirtyOnesIsCountedByItself() {
        clear(3, Entry.D);
        assertThat(batchesOfFork()).isEqualTo(3);
    }

    @Test
    void writableAndAccessedBitsAreNotCompared() {
        clear(3, Entry.RW);
        clear(5, Entry.A);
        assertThat(batchesOfFork()).isEqualTo(1);
        assertThat(Pte.isWritable(lab.pte(4))).isFalse();
    }

    @Test
    void holeEndsABatch() {
        lab.munmap(3, 4);
        assertThat(batchesOfFork()).isEqualTo(2);
    }

    @Test
    void otherRightsOfAnotherVmaEndABatch() {
        lab.mprotect(4, PAGES, RO);
        assertThat(batchesOfFork()).isEqualTo(2);
    }

    @Test
    void nextFolioIsAnotherBatch() {
        lab.write(PAGES, 1);
        assertThat(batchesOfFork()).isEqualTo(2);
    }

    @Test
    void copiedPageOfAFolioIsABatchOfItsOwn() {
        MmStruct child = lab.fork(lab.mm);
        lab.write(3, 9);
        assertThat(batchesOfFork()).isEqualTo(3);
        assertThat(lab.read(child, 3)).isZero();
    }

    // ---------------------------------------------------------------- pins

    /** The folio does not know which of its pages is pinned: the child gets a copy of each that is still exclusive. */
    @Test
    void exclusivePagesOfAPinnedFolioAreCopiedOneByOne() {
        long head = lab.pfn(0);
        MmStruct first = lab.fork(lab.mm);
        lab.kernel.exitMmap(lab.cpu, first);
        lab.write(3, 5);
        lab.write(4, 6);
        lab.mm.setHasPinned(lab.cpu);
        folio().addPins(lab.cpu, 1);
        memMap.pageRefAdd(lab.cpu, head, 1);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.count(Counter.FORK_PAGE_COPY)).isEqualTo(2);
        for (int page = 0; page < PAGES; page++) {
            boolean copied = page == 3 || page == 4;
            assertThat(lab.pfn(child, page) != head + page).isEqualTo(copied);
            assertThat(lab.isExclusive(head + page)).isEqualTo(copied);
            assertThat(Pte.isWritable(lab.pte(page))).isEqualTo(copied);
        }
        assertThat(lab.read(child, 3)).isEqualTo(5);
        assertThat(new InvariantChecker(lab.kernel).check(pfn -> pfn == head + 3 ? MemMap.PIN_BIAS : 0)).isEmpty();
        folio().addPins(lab.cpu, -1);
        lab.kernel.putPage(lab.cpu, head);
    }

    @Test
    void forkThatCannotCopyAPinnedPageLeavesNothingBehind() {
        lab.mm.setHasPinned(lab.cpu);
        folio().addPins(lab.cpu, 1);
        memMap.pageRefAdd(lab.cpu, lab.pfn(0), 1);
        lab.rest();
        long free = lab.kernel.pageAllocator().freePageCount();
        for (int skip = 0; skip < 5; skip++) {
            lab.kernel.failures().failAllAfter(skip);
            assertThat(lab.kernel.fork(lab.cpu, lab.mm)).isNull();
            lab.kernel.failures().off();
            lab.drain();
            assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free);
        }
        folio().addPins(lab.cpu, -1);
        lab.kernel.putPage(lab.cpu, lab.pfn(0));
        lab.assertConsistent();
    }
}
