package dev.cowtable.mm.swap;

import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The swap cache and the areas seen without page tables: a page is one that the test holds. */
class SwapCacheTest {
    private final MmLab lab = new MmLab();
    private final Cpu cpu = lab.cpu;
    private final Swap swap = lab.kernel.swap();
    private final MemMap memMap = lab.kernel.memMap();

    @AfterEach
    void noLockIsLeftHeld() {
        lab.kernel.lockdep().assertNoneHeld(cpu);
    }

    private long lockedPage(long word) {
        long pfn = lab.kernel.pageAllocator().allocPage(cpu);
        cpu.memory().fillFrame(pfn, word);
        memMap.initFlags(pfn, PageFlags.SWAPBACKED);
        memMap.folioLock(cpu, pfn);
        return pfn;
    }

    private long cachedPage(long word) {
        long pfn = lockedPage(word);
        assertThat(swap.folioAllocSwap(cpu, pfn)).isTrue();
        return pfn;
    }

    /** Writes the page out, frees it, and leaves one user of its entry. */
    private long evicted(long word) {
        long pfn = cachedPage(word);
        long entry = memMap.swap(pfn);
        swap.swapDuplicate(cpu, entry);
        evict(pfn);
        return entry;
    }

    private void evict(long pfn) {
        memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        assertThat(swap.writeout(cpu, pfn)).isNotEqualTo(Swap.Written.NOT_NEEDED);
        assertThat(swap.removeMapping(cpu, pfn)).isTrue();
        memMap.folioUnlock(cpu, pfn);
        memMap.pageRefAdd(cpu, pfn, 1);
        lab.kernel.putPage(cpu, pfn);
    }

    private long firstWord(long pfn) {
        return cpu.memory().read(Paging.paddr(pfn));
    }

    @Test
    void pageGetsNoSlotWithoutAnArea() {
        long pfn = lockedPage(7);
        assertThat(swap.folioAllocSwap(cpu, pfn)).isFalse();
        assertThat(memMap.flags(pfn) & (PageFlags.SWAPCACHE | PageFlags.DIRTY)).isZero();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
    }

    @Test
    void slotsComeFromTheNextAreaWhenTheFirstIsFull() {
        swap.swapon(cpu, SwapInfo.Kind.ZRAM, 1);
        swap.swapon(cpu, SwapInfo.Kind.FILE, 1);
        cachedPage(1);
        long second = cachedPage(2);
        assertThat(swap.folioAllocSwap(cpu, lockedPage(3))).isFalse();
        assertThat(swap.isFull()).isTrue();
        assertThat(swap.wantsStableWrites(memMap.swap(second))).isFalse();
    }

    @Test
    void cachedPageIsDirtyHoldsAReferenceAndIsFoundWithAnother() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        assertThat(memMap.flags(pfn)).matches(flags -> (flags & PageFlags.DIRTY) != 0);
        assertThat(swap.swapCacheGet(cpu, memMap.swap(pfn))).isEqualTo(pfn);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(3);
        assertThat(swap.hasCache(memMap.swap(pfn))).isTrue();
    }

    @Test
    void pageLeavesTheCacheOnlyWithoutUsersAndWithoutWriteback() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        long entry = memMap.swap(pfn);
        swap.swapDuplicate(cpu, entry);
        assertThat(swap.folioFreeSwap(cpu, pfn)).isFalse();
        swap.holdWriteback(true);
        swap.writeout(cpu, pfn);
        swap.freeSwapAndCache(cpu, entry);
        assertThat(swap.folioFreeSwap(cpu, pfn)).isFalse();
        swap.endWriteback(cpu);
        memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        assertThat(swap.folioFreeSwap(cpu, pfn)).isTrue();
        assertThat(memMap.flags(pfn) & (PageFlags.SWAPCACHE | PageFlags.DIRTY)).isEqualTo(PageFlags.DIRTY);
        assertThat(swap.slotsInUse()).isZero();
    }

    @Test
    void lastUserThatIsUnmappedTakesTheCachedPageAlong() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        swap.swapDuplicate(cpu, memMap.swap(pfn));
        memMap.folioUnlock(cpu, pfn);
        swap.freeSwapAndCache(cpu, memMap.swap(pfn));
        assertThat(memMap.testFlag(pfn, PageFlags.SWAPCACHE)).isFalse();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        assertThat(swap.slotsInUse()).isZero();
    }

    @Test
    void lockedPageStaysInTheCacheWithoutUsers() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        swap.swapDuplicate(cpu, memMap.swap(pfn));
        swap.freeSwapAndCache(cpu, memMap.swap(pfn));
        assertThat(memMap.testFlag(pfn, PageFlags.SWAPCACHE)).isTrue();
        memMap.folioUnlock(cpu, pfn);
        swap.freeSwapCache(cpu, pfn);
        assertThat(swap.slotsInUse()).isZero();
    }

    @Test
    void droppedUserLeavesTheCachedPage() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        swap.swapDuplicate(cpu, memMap.swap(pfn));
        memMap.folioUnlock(cpu, pfn);
        swap.swapFree(cpu, memMap.swap(pfn));
        assertThat(memMap.testFlag(pfn, PageFlags.SWAPCACHE)).isTrue();
    }

    @Test
    void fileAreaWritesOnlyWhatIsNotZeroAndIsNotDoneAtOnce() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long page = cachedPage(7);
        long zeros = cachedPage(0);
        swap.swapDuplicate(cpu, memMap.swap(page));
        swap.swapDuplicate(cpu, memMap.swap(zeros));
        assertThat(swap.writeout(cpu, page)).isEqualTo(Swap.Written.UNDER_WAY);
        assertThat(swap.writeout(cpu, zeros)).isEqualTo(Swap.Written.DONE);
        assertThat(lab.count(Counter.SWAP_OUT)).isEqualTo(1);
    }

    @Test
    void zramIsDoneAtOnce() {
        swap.swapon(cpu, SwapInfo.Kind.ZRAM);
        long pfn = cachedPage(7);
        swap.swapDuplicate(cpu, memMap.swap(pfn));
        assertThat(swap.writeout(cpu, pfn)).isEqualTo(Swap.Written.DONE);
    }

    @Test
    void pageThatNobodyWantsIsNotWrittenButLeavesTheCacheDirty() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        assertThat(swap.writeout(cpu, pfn)).isEqualTo(Swap.Written.NOT_NEEDED);
        assertThat(memMap.flags(pfn) & (PageFlags.SWAPCACHE | PageFlags.DIRTY)).isEqualTo(PageFlags.DIRTY);
    }

    @Test
    void dirtyOrReferencedPageIsNotTakenOutForReclaim() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long pfn = cachedPage(7);
        swap.swapDuplicate(cpu, memMap.swap(pfn));
        assertThat(swap.removeMapping(cpu, pfn)).isFalse();
        memMap.clearFlag(cpu, pfn, PageFlags.DIRTY);
        memMap.pageRefAdd(cpu, pfn, 1);
        assertThat(swap.removeMapping(cpu, pfn)).isFalse();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(3);
        assertThat(memMap.testFlag(pfn, PageFlags.SWAPCACHE)).isTrue();
    }

    @Test
    void contentsComeBackWordByWordAsTheyWere() {
        swap.swapon(cpu, SwapInfo.Kind.ZRAM);
        long pfn = cachedPage(7);
        for (int i = 0; i < 512; i++) {
            cpu.memory().write(Paging.paddr(pfn) + i * 8L, i * 31L);
        }
        long entry = memMap.swap(pfn);
        swap.swapDuplicate(cpu, entry);
        evict(pfn);
        long back = swap.readSwapCache(cpu, entry);
        for (int i = 0; i < 512; i++) {
            assertThat(cpu.memory().read(Paging.paddr(back) + i * 8L)).isEqualTo(i * 31L);
        }
        assertThat(lab.count(Counter.SWAP_IN)).isEqualTo(1);
    }

    @Test
    void pageOfOneWordComesBackWithoutAnArray() {
        swap.swapon(cpu, SwapInfo.Kind.ZRAM);
        long entry = evicted(0x0707070707070707L);
        long back = swap.readSwapCache(cpu, entry);
        assertThat(firstWord(back)).isEqualTo(0x0707070707070707L);
        assertThat(cpu.memory().physical().isUniform(back)).isTrue();
        assertThat(swap.readSwapCache(cpu, entry)).isEqualTo(back);
        assertThat(memMap.testFlag(back, PageFlags.UPTODATE)).isTrue();
    }

    @Test
    void directReadHoldsHasCacheUntilItEnds() {
        swap.swapon(cpu, SwapInfo.Kind.ZRAM);
        long entry = evicted(5);
        assertThat(swap.bypassesCache(entry)).isTrue();
        long pfn = swap.readDirect(cpu, entry);
        assertThat(firstWord(pfn)).isEqualTo(5);
        assertThat(swap.hasCache(entry)).isTrue();
        assertThat(swap.swapCacheGet(cpu, entry)).isEqualTo(PageAllocator.NO_PAGE);
        swap.swapFree(cpu, entry);
        assertThat(swap.slotsInUse()).isEqualTo(1);
        swap.endDirectRead(cpu, entry);
        assertThat(swap.slotsInUse()).isZero();
    }

    @Test
    void onlyAnEntryWithOneUserOfASynchronousAreaBypassesTheCache() {
        swap.swapon(cpu, SwapInfo.Kind.ZRAM, 1);
        long entry = evicted(5);
        swap.swapDuplicate(cpu, entry);
        assertThat(swap.bypassesCache(entry)).isFalse();
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        assertThat(swap.bypassesCache(evicted(6))).isFalse();
    }

    @Test
    void readFindsNothingWithoutMemoryOrUsers() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long entry = evicted(5);
        lab.kernel.failures().failOnceAfter(0);
        assertThat(swap.readSwapCache(cpu, entry)).isEqualTo(PageAllocator.NO_PAGE);
        assertThat(swap.hasCache(entry)).isFalse();
        swap.freeSwapAndCache(cpu, entry);
        assertThat(swap.readSwapCache(cpu, entry)).isEqualTo(PageAllocator.NO_PAGE);
        assertThat(swap.slotsInUse()).isZero();
    }

    @Test
    void movedPageTakesThePlaceInTheCache() {
        swap.swapon(cpu, SwapInfo.Kind.FILE);
        long from = cachedPage(7);
        long entry = memMap.swap(from);
        long to = lockedPage(7);
        memMap.pageRefAdd(cpu, from, 1);
        assertThat(swap.migrateCached(cpu, from, to)).isFalse();
        memMap.pageRefSubAndTest(cpu, from, 1);
        assertThat(swap.migrateCached(cpu, from, to)).isTrue();
        assertThat(swap.swapCachePeek(entry)).isEqualTo(to);
        assertThat(memMap.swap(to)).isEqualTo(entry);
        assertThat(memMap.pageRefCount(to)).isEqualTo(2);
        assertThat(memMap.testFlag(from, PageFlags.SWAPCACHE)).isFalse();
    }

    @Test
    void areaThatIsOffHasNothingAndCannotBeTurnedOff() {
        assertThat(swap.swapoff(cpu, 0)).isEqualTo(Errno.EINVAL.code());
        assertThat(swap.isOn()).isFalse();
        int type = swap.swapon(cpu, SwapInfo.Kind.FILE);
        long entry = evicted(5);
        swap.swapFree(cpu, entry);
        assertThat(swap.swapoff(cpu, type)).isZero();
        assertThat(swap.swapCount(entry)).isZero();
        assertThatThrownBy(() -> swap.swapDuplicate(cpu, entry)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void thereIsATypeForTwentyFourAreas() {
        for (int type = 0; type < 24; type++) {
            assertThat(swap.swapon(cpu, SwapInfo.Kind.FILE)).isEqualTo(type);
        }
        assertThat(swap.swapon(cpu, SwapInfo.Kind.FILE)).isEqualTo(Errno.EPERM.code());
    }

    @Test
    void mappedPagesAreLeftAloneByOthers() {
        lab.map(0, 1, RW);
        lab.write(0, 7);
        long pfn = lab.pfn(0);
        swap.freeSwapCache(cpu, pfn);
        assertThat(lab.read(0)).isEqualTo(7);
    }
}
