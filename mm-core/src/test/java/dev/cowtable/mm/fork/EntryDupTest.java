package dev.cowtable.mm.fork;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The counting of one entry that a child gets, and its reverse. */
class EntryDupTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();
    private final MmStruct child = lab.newMm();

    @BeforeEach
    void makeAParent() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.drain();
        new OpaquePages(lab.kernel).installSwapEntry(lab.cpu, lab.vma(0), at(1));
    }

    private EntryDup newDup() {
        return new EntryDup(lab.kernel, lab.cpu, lab.mm);
    }

    private boolean isExclusive(long pfn) {
        return memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE);
    }

    @Test
    void pageIsCountedOnceMoreAndExclusiveNoMore() {
        EntryDup dup = newDup();
        long pfn = lab.pfn(0);
        assertThat(dup.tryDupPage(lab.cpu, pfn)).isTrue();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(2);
        assertThat(memMap.mapcount(pfn)).isEqualTo(2);
        assertThat(isExclusive(pfn)).isFalse();
    }

    @Test
    void childIsCountedForWhenTheSumsAreAdded() {
        EntryDup dup = newDup();
        dup.tryDupPage(lab.cpu, lab.pfn(0));
        dup.tryDupNonpresent(lab.cpu, lab.pte(1));
        assertThat(child.rss(Rss.ANONPAGES) + child.rss(Rss.SWAPENTS)).isZero();
        dup.addSumsTo(lab.cpu, child);
        dup.addSumsTo(lab.cpu, child);
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(child.rss(Rss.SWAPENTS)).isEqualTo(1);
    }

    @Test
    void undoneDuplicationLeavesTheCountsAndNothingForTheChild() {
        EntryDup dup = newDup();
        long pfn = lab.pfn(0);
        dup.tryDupPage(lab.cpu, pfn);
        dup.tryDupNonpresent(lab.cpu, lab.pte(1));
        dup.undoPage(lab.cpu, pfn);
        dup.undoNonpresent(lab.cpu, lab.pte(1));
        dup.addSumsTo(lab.cpu, child);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        assertThat(memMap.mapcount(pfn)).isEqualTo(1);
        assertThat(lab.kernel.swap().swapCount(lab.pte(1))).isEqualTo(1);
        assertThat(child.rss(Rss.ANONPAGES) + child.rss(Rss.SWAPENTS)).isZero();
    }

    @Test
    void pinnedExclusivePageIsRefusedUnchanged() {
        lab.mm.setHasPinned(lab.cpu);
        long pfn = lab.pfn(0);
        memMap.pageRefAdd(lab.cpu, pfn, MemMap.PIN_BIAS);
        assertThat(newDup().tryDupPage(lab.cpu, pfn)).isFalse();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(MemMap.PIN_BIAS + 1);
        assertThat(memMap.mapcount(pfn)).isEqualTo(1);
        assertThat(isExclusive(pfn)).isTrue();
    }

    @Test
    void swapEntryWhoseCountCannotGrowIsRefusedUnchanged() {
        long entry = lab.pte(1);
        for (int count = 1; count < SwapInfo.SWAP_MAP_MAX; count++) {
            lab.kernel.swap().swapDuplicate(lab.cpu, entry);
        }
        EntryDup dup = newDup();
        lab.kernel.failures().failOnceAfter(0);
        assertThat(dup.tryDupNonpresent(lab.cpu, lab.pte(1))).isFalse();
        assertThat(lab.kernel.swap().swapCount(entry)).isEqualTo(SwapInfo.SWAP_MAP_MAX);
        dup.addSumsTo(lab.cpu, child);
        assertThat(child.rss(Rss.SWAPENTS)).isZero();
    }
}
