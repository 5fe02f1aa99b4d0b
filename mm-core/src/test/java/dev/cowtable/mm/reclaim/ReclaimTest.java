package dev.cowtable.mm.reclaim;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.ReclaimLab;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which pages go first when memory is wanted, and that nothing is lost by it. */
class ReclaimTest {
    private final ReclaimLab s = new ReclaimLab();
    private final MmLab lab = s.lab;

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private long shrink(long pages) {
        return s.kernel.reclaim().shrinkNode(s.cpu, pages);
    }

    @Test
    void nothingCanBeFreedWithoutSwap() {
        s.mapWritten(0, 40);
        assertThat(shrink(10)).isZero();
        assertThat(s.look(0, 4)).isEqualTo("pppp");
    }

    @Test
    void everyPageCanGoAndComesBackAsItWas() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 100);
        assertThat(shrink(100)).isEqualTo(100);
        for (int page = 0; page < 100; page++) {
            assertThat(lab.pte(page) & 1).isZero();
            assertThat(lab.read(page)).isEqualTo(page + 1);
        }
    }

    @Test
    void unusedPagesGoBeforeUsedOnes() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 8);
        assertThat(s.madvise(4, 8, Advice.COLD)).isZero();
        assertThat(shrink(4)).isEqualTo(4);
        assertThat(s.look(0, 8)).isEqualTo("ppppssss");
    }

    /** One look at the oldest inactive page, which stays. */
    private void scanOne() {
        long[] isolated = new long[1];
        assertThat(s.lru.scan().isolateLruFolios(s.cpu, LruList.INACTIVE_ANON, isolated, 1)).isEqualTo(1);
        assertThat(new ShrinkFolioList(s.kernel).shrink(s.cpu, isolated, 1, false)).isEqualTo(1);
        s.lru.scan().moveFoliosToLru(s.cpu, isolated, 1);
    }

    @Test
    void pageUsedAgainAfterItsSecondChanceBecomesActive() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 1);
        lab.drain();
        scanOne();
        assertThat(s.has(lab.pfn(0), PageFlags.ACTIVE)).isFalse();
        assertThat(s.has(lab.pfn(0), PageFlags.REFERENCED)).isTrue();
        lab.rest();
        lab.read(0);
        scanOne();
        assertThat(s.has(lab.pfn(0), PageFlags.ACTIVE)).isTrue();
    }

    @Test
    void pageUsedThroughTwoEntriesBecomesActiveAtOnce() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 1);
        MmStruct child = lab.fork(s.mm);
        lab.read(child, 0);
        lab.drain();
        scanOne();
        assertThat(s.lru.scan().count(LruList.ACTIVE_ANON)).isEqualTo(1);
        assertThat(s.has(lab.pfn(0), PageFlags.ACTIVE)).isTrue();
    }

    @Test
    void activePagesGoWhenTheInactiveOnesAreGone() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 4);
        lab.drain();
        for (int i = 0; i < 2; i++) {
            for (long page = 0; page < 4; page++) {
                s.lru.folioMarkAccessed(s.cpu, lab.pfn(page));
            }
        }
        lab.drain();
        assertThat(s.lru.scan().count(LruList.ACTIVE_ANON)).isEqualTo(4);
        assertThat(shrink(4)).isEqualTo(4);
        assertThat(s.look(0, 4)).isEqualTo("ssss");
    }

    @Test
    void pageOfSeveralProcessesGoesFromAllOfThem() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 4);
        MmStruct child = lab.fork(s.mm);
        MmStruct grandchild = lab.fork(child);
        assertThat(shrink(4)).isEqualTo(4);
        assertThat(s.look(0, 4) + s.look(child, 0, 4) + s.look(grandchild, 0, 4)).isEqualTo("ssssssssssss");
        assertThat(lab.read(grandchild, 3)).isEqualTo(4);
        lab.write(child, 3, 9);
        assertThat(lab.read(3)).isEqualTo(4);
    }

    @Test
    void mlockedPagesStay() {
        s.swapon(SwapInfo.Kind.ZRAM);
        s.mapWritten(0, 4);
        s.mlock(s.mm, 1, 3, true);
        assertThat(shrink(4)).isEqualTo(2);
        assertThat(s.look(0, 4)).isEqualTo("spps");
    }

    @Test
    void lazilyFreedPagesGoWithoutSwapAndBeforeOthers() {
        s.mapWritten(0, 4);
        s.makeLazyfree(2, 4);
        assertThat(shrink(4)).isEqualTo(2);
        assertThat(s.look(0, 4)).isEqualTo("pp--");
    }

    @Test
    void sharedMemoryGoesToSwapAndComesBackToAll() {
        s.swapon(SwapInfo.Kind.ZRAM);
        assertThat(s.kernel.memoryMap().mmapShared(s.cpu, s.mm, at(0), 2 * 4096, RW, false)).isZero();
        lab.write(0, 5);
        lab.write(1, 6);
        MmStruct child = lab.fork(s.mm);
        assertThat(lab.read(child, 0)).isEqualTo(5);
        assertThat(shrink(2)).isEqualTo(2);
        assertThat(s.look(0, 2) + s.look(child, 0, 2)).isEqualTo("----");
        lab.write(child, 0, 7);
        assertThat(lab.read(0)).isEqualTo(7);
        assertThat(lab.read(1)).isEqualTo(6);
    }

    @Test
    void slotsThatRunOutLeaveTheRestInMemory() {
        assertThat(s.kernel.swap().swapon(s.cpu, SwapInfo.Kind.ZRAM, 3)).isGreaterThanOrEqualTo(0);
        s.mapWritten(0, 8);
        assertThat(shrink(8)).isLessThanOrEqualTo(3).isPositive();
        for (int page = 0; page < 8; page++) {
            assertThat(lab.read(page)).isEqualTo(page + 1);
        }
    }
}
