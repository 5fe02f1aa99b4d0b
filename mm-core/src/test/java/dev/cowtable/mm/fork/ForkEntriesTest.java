package dev.cowtable.mm.fork;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of each kind of entry on both sides of a fork. */
class ForkEntriesTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();
    private final OpaquePages opaque = new OpaquePages(lab.kernel);

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- entries

    @Test
    void pageIsSharedReadOnlyByBothSides() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.drain();
        long pfn = lab.pfn(0);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.pfn(child, 0)).isEqualTo(pfn);
        assertThat(Pte.isWritable(lab.pte(0)) || Pte.isWritable(lab.pte(child, 0))).isFalse();
        assertThat(memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE)).isFalse();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(2);
        assertThat(memMap.mapcount(pfn)).isEqualTo(2);
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(1);
    }

    @Test
    void childsEntryIsOldAndKeepsDirty() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.pte(child, 0) & (Entry.A | Entry.D)).isEqualTo(Entry.D);
        assertThat(lab.pte(0) & (Entry.A | Entry.D)).isEqualTo(Entry.A | Entry.D);
    }

    @Test
    void pinnedPageStaysWithTheParentAndTheChildGetsACopy() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.write(1, 8);
        long pfn = lab.pfn(0);
        lab.mm.setHasPinned(lab.cpu);
        memMap.pageRefAdd(lab.cpu, pfn, MemMap.PIN_BIAS);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(Pte.isWritable(lab.pte(0)) && Pte.isWritable(lab.pte(child, 0))).isTrue();
        assertThat(lab.pfn(child, 0)).isNotEqualTo(pfn);
        assertThat(lab.pfn(child, 1)).isEqualTo(lab.pfn(1));
        assertThat(lab.read(child, 0)).isEqualTo(7);
        assertThat(lab.count(Counter.FORK_PAGE_COPY)).isEqualTo(1);
        assertThat(child.hasPinned(lab.cpu)).isFalse();
        lab.kernel.putPages(lab.cpu, pfn, MemMap.PIN_BIAS);
    }

    @Test
    void swapEntryIsCountedTwiceAndExclusiveNoMore() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        opaque.installSwapEntry(lab.cpu, lab.vma(0), at(1));
        assertThat(SwpEntry.isExclusive(lab.pte(1))).isTrue();
        MmStruct child = lab.fork(lab.mm);
        assertThat(SwpEntry.isExclusive(lab.pte(1))).isFalse();
        assertThat(lab.pte(child, 1)).isEqualTo(lab.pte(1));
        assertThat(lab.kernel.swap().swapCount(lab.pte(1))).isEqualTo(2);
        assertThat(child.rss(Rss.SWAPENTS)).isEqualTo(1);
    }

    @Test
    void hugePageIsSharedReadOnlyWhole() {
        lab.map(0, 1024, RW);
        lab.write(600, 1);
        opaque.installHugePage(lab.cpu, lab.vma(0), at(0));
        MmStruct child = lab.fork(lab.mm);
        long pmd = lab.cpu.memory().read(lab.kernel.pageTables().pmdOffset(lab.cpu, child, at(0)));
        assertThat(pmd & (Entry.PS | Entry.RW)).isEqualTo(Entry.PS);
        assertThat(memMap.pageRefCount(Pte.pfn(pmd))).isEqualTo(2);
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(513);
        assertThat(child.tables(1)).isEqualTo(2);
    }

    @Test
    void pageWithoutRightsIsSharedAsWell() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.mprotect(0, 4, 0);
        MmStruct child = lab.fork(lab.mm);
        lab.mprotect(0, 4, RW);
        lab.write(0, 8);
        lab.kernel.memoryMap().mprotect(lab.cpu, child, at(0), 4096, RO);
        assertThat(lab.read(child, 0)).isEqualTo(7);
    }
}
