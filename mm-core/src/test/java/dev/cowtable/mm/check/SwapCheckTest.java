package dev.cowtable.mm.check;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.Swap;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The invariants of swap, of the LRU lists and of pages on their way, each violated by hand. */
class SwapCheckTest {
    private final MmLab lab = new MmLab();
    private final Swap swap = lab.kernel.swap();
    private final MemMap memMap = lab.kernel.memMap();
    private final Cpu cpu = lab.cpu;

    /** Page 0 is mapped, page 1 is in swap and in the swap cache, page 2 is mapped and in the swap cache. */
    @BeforeEach
    void makeAProcess() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        lab.map(0, 4, RW);
        for (int page = 0; page < 3; page++) {
            lab.write(page, 7);
        }
        lab.mm.mmapLock().downRead(cpu);
        lab.kernel.madvisePages().pageout(cpu, lab.vma(0), at(1), at(3));
        lab.mm.mmapLock().upRead(cpu);
        lab.read(2);
        lab.kernel.lru().lruAddDrainAll(cpu);
        lab.rest();
        assertThat(violated()).isEmpty();
    }

    private Set<String> violated() {
        Set<String> ids = new TreeSet<>();
        new InvariantChecker(lab.kernel).check().forEach(sentence -> ids.add(sentence.substring(0, 2)));
        return ids;
    }

    private void setEntry(long page, long pte) {
        cpu.memory().write(lab.ptePaddr(lab.mm, page), pte);
    }

    // ---------------------------------------------------------------- swap

    @Test
    void entryOfASlotThatDoesNotExistIsSw() {
        setEntry(1, SwpEntry.make(0, 99));
        assertThat(violated()).contains("SW");
    }

    @Test
    void entryOfAnAreaThatIsOffIsSw() {
        setEntry(1, SwpEntry.make(3, 0));
        assertThat(violated()).contains("SW");
    }

    @Test
    void userOfASlotThatNoEntryExplainsIsI1() {
        swap.swapDuplicate(cpu, lab.pte(1));
        assertThat(violated()).containsExactly("I1");
    }

    @Test
    void hasCacheThatNobodyHoldsIsSw() {
        long entry = swap.installEntry(cpu, 7);
        setEntry(3, entry);
        lab.mm.addRss(Rss.SWAPENTS, 1);
        assertThat(violated()).isEmpty();
        swap.readDirect(cpu, entry);
        assertThat(violated()).contains("SW");
    }

    @Test
    void cachedPageThatDoesNotSayItsSlotIsSw() {
        memMap.setSwap(lab.pfn(2), SwpEntry.make(0, 0));
        assertThat(violated()).containsExactly("SW");
    }

    @Test
    void pageThatClaimsToBeCachedIsSw() {
        memMap.setFlag(cpu, lab.pfn(0), PageFlags.SWAPCACHE);
        memMap.setSwap(lab.pfn(0), memMap.swap(lab.pfn(2)));
        memMap.pageRefAdd(cpu, lab.pfn(0), 1);
        assertThat(violated()).containsExactly("SW");
    }

    @Test
    void cachedPageThatIsNotSwapBackedIsSw() {
        memMap.clearFlag(cpu, lab.pfn(2), PageFlags.SWAPBACKED);
        assertThat(violated()).contains("SW");
    }

    @Test
    void exclusivePageThatAnEntryNamesIsAe() {
        long entry = memMap.swap(lab.pfn(2));
        swap.swapDuplicate(cpu, entry);
        setEntry(3, entry);
        lab.mm.addRss(Rss.SWAPENTS, 1);
        assertThat(violated()).containsExactly("AE");
    }

    @Test
    void exclusiveEntryAmongTwoIsAe() {
        swap.swapDuplicate(cpu, lab.pte(1));
        setEntry(3, lab.pte(1));
        lab.mm.addRss(Rss.SWAPENTS, 1);
        assertThat(SwpEntry.isExclusive(lab.pte(1))).isTrue();
        assertThat(violated()).containsExactly("AE");
    }

    // ---------------------------------------------------------------- markers and migration entries

    @Test
    void guardMarkerWithoutAnAnonVmaIsRm() {
        lab.map(8, 9, MmLab.RO);
        lab.read(8);
        lab.rest();
        setEntry(8, SwpEntry.makeMarker(SwpEntry.MARKER_GUARD));
        assertThat(violated()).containsExactly("RM");
    }

    @Test
    void migrationEntryOfAPageThatNobodyHasLockedIsLk() {
        long pfn = lab.pfn(0);
        memMap.pageRefAdd(cpu, pfn, 1);
        setEntry(0, SwpEntry.makeMigration(pfn, true, true, false, false));
        lab.kernel.rmap().folioRemoveRmap(cpu, pfn, lab.mm);
        memMap.pageRefSubAndTest(cpu, pfn, 1);
        assertThat(new InvariantChecker(lab.kernel).check(frame -> frame == pfn ? 1 : 0))
                .containsExactly("LK frame " + pfn + " has migration entries and nobody has locked it");
        memMap.folioLock(cpu, pfn);
        assertThat(new InvariantChecker(lab.kernel).check(frame -> frame == pfn ? 1 : 0)).isEmpty();
    }

    // ---------------------------------------------------------------- LRU

    @Test
    void pageWhoseFlagsNameAnotherListIsLr() {
        memMap.setFlag(cpu, lab.pfn(0), PageFlags.ACTIVE);
        assertThat(violated()).containsExactly("LR");
    }

    @Test
    void pageThatClaimsToBeOnAListIsLr() {
        long pfn = lab.kernel.pageAllocator().allocPage(cpu);
        memMap.setFlag(cpu, pfn, PageFlags.LRU);
        assertThat(violated()).contains("LR");
    }

    @Test
    void folioLockAtRestIsLk() {
        memMap.folioLock(cpu, Pte.pfn(lab.pte(0)));
        assertThat(violated()).containsExactly("LK");
    }
}
