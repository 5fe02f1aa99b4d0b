package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code rmap=inplace}: one edit of a shared table's entry for all its sharers, and where it breaks all the same. */
class InPlaceEditTest {
    private final ForkScene scene = new ForkScene(ForkLab.relaxed("inplace", "protected"));
    private final MmStruct parent = scene.process(4);
    private final MmStruct child = scene.fork(parent);
    private final MmStruct grandchild = scene.fork(child);
    private final List<MmStruct> all = List.of(parent, child, grandchild);

    private long reclaim(ForkScene where, long pfn) {
        where.drain();
        assertThat(where.kernel.lru().folioIsolateLru(where.cpu, pfn)).isTrue();
        return where.kernel.reclaim().reclaimPages(where.cpu, new long[] {pfn}, 1);
    }

    private long reclaimWithoutMemory(ForkScene where, long pfn) {
        where.kernel.failures().failAllAfter(0);
        long freed = reclaim(where, pfn);
        where.kernel.failures().off();
        return freed;
    }

    private void assertOneTable() {
        assertThat(all).allMatch(mm -> scene.table(mm, 0) == scene.table(parent, 0));
    }

    /** Dossier scenarios 27 and 28, R = 3. */
    @Test
    void reclaimAllocatesNothingAndSeesToEverySharer() {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM);
        scene.assertKernelIsConsistent();
        long before = scene.kernel.failures().attempts();
        assertThat(reclaimWithoutMemory(scene, scene.pfn(parent, 1))).isEqualTo(1);
        assertThat(scene.kernel.failures().attempts()).isEqualTo(before);
        assertOneTable();
        assertThat(scene.kernel.swap().swapCount(scene.pte(parent, 1))).isEqualTo(3);
        assertThat(all).allMatch(mm -> mm.rss(Rss.SWAPENTS) == 1 && mm.rss(Rss.ANONPAGES) == 3);
        assertThat(scene.count(Counter.TABLE_EDITED)).isEqualTo(1);
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
        scene.assertKernelIsConsistent();
        assertThat(all).allMatch(mm -> scene.read(mm, 1) == 1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void whereTheTableIsBrokenTheSameReclaimNeedsATable() {
        ForkScene breaks = new ForkScene(ForkLab.relaxed("break", "protected"));
        MmStruct mm = breaks.process(4);
        breaks.fork(breaks.fork(mm));
        breaks.kernel.swap().swapon(breaks.cpu, SwapInfo.Kind.ZRAM);
        long pfn = breaks.pfn(mm, 1);
        assertThat(reclaimWithoutMemory(breaks, pfn)).isZero();
        assertThat(breaks.mapcount(mm, 1)).isEqualTo(3);
        assertThat(reclaim(breaks, pfn)).isEqualTo(1);
        assertThat(breaks.count(Counter.TABLE_BROKEN)).isEqualTo(2);
        breaks.assertKernelIsConsistent();
    }

    @Test
    void migrationMovesThePageForAllSharersAtOnce() {
        long old = scene.pfn(parent, 1);
        scene.drain();
        assertThat(new MigratePages(scene.kernel).migrate(scene.cpu, old)).isEqualTo(MigratePages.Result.MOVED);
        assertOneTable();
        assertThat(scene.pfn(parent, 1)).isNotEqualTo(old);
        assertThat(scene.mapcount(parent, 1)).isEqualTo(3);
        assertThat(all).allMatch(mm -> scene.read(mm, 1) == 1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void pageThatOneSharerHasLockedStaysWithoutMemory() {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM);
        long pfn = scene.pfn(parent, 1);
        assertThat(scene.kernel.memoryMap().mlock(scene.cpu, child, ForkScene.vaddr(1), 4096, true)).isZero();
        assertThat(reclaimWithoutMemory(scene, pfn)).isZero();
        assertThat(scene.count(Counter.TABLE_EDITED)).isZero();
        scene.assertKernelIsConsistent();
    }

    /** The walk for it ends at a dirty entry, so that who comes later keeps the page: sharers must not lose it together. */
    @Test
    void lazilyFreedPageIsTakenFromEachSharerByItself() {
        ForkScene own = new ForkScene(ForkLab.relaxed("inplace", "protected"));
        MmStruct mm = own.process(2);
        own.kernel.memoryMap().madvise(own.cpu, mm, ForkScene.vaddr(1), 4096, Advice.FREE);
        long pfn = own.pfn(mm, 1);
        own.fork(mm);
        assertThat(reclaim(own, pfn)).isEqualTo(1);
        assertThat(own.count(Counter.TABLE_EDITED)).isZero();
        assertThat(own.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        own.assertKernelIsConsistent();
    }

    /** The third user needs a continuation of the count, which is not there; the first two are taken back. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void swapCountThatCannotGrowByRChangesNothing(int room) {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM);
        long pfn = scene.pfn(parent, 1);
        scene.drain();
        assertThat(scene.kernel.memMap().folioTrylock(scene.cpu, pfn)).isTrue();
        assertThat(scene.kernel.swap().folioAllocSwap(scene.cpu, pfn)).isTrue();
        scene.kernel.memMap().folioUnlock(scene.cpu, pfn);
        long entry = scene.kernel.memMap().swap(pfn);
        for (int users = 0; users < SwapInfo.SWAP_MAP_MAX - room; users++) {
            assertThat(scene.kernel.swap().swapDuplicate(scene.cpu, entry)).isTrue();
        }
        long pte = scene.pte(parent, 1);
        assertThat(reclaimWithoutMemory(scene, pfn)).isZero();
        assertThat(scene.pte(parent, 1)).isEqualTo(pte);
        assertThat(scene.mapcount(parent, 1)).isEqualTo(3);
        assertThat(scene.kernel.swap().swapCount(entry)).isEqualTo(SwapInfo.SWAP_MAP_MAX - room);
        assertOneTable();
    }

    @Test
    void sharersMayLeaveAndEndAfterAnEdit() {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM);
        assertThat(reclaim(scene, scene.pfn(parent, 0))).isEqualTo(1);
        long entry = scene.pte(parent, 0);
        assertThat(SwpEntry.isExclusive(entry)).isFalse();
        scene.exit(child);
        assertThat(scene.kernel.swap().swapCount(entry)).isEqualTo(2);
        scene.write(grandchild, 0, 9);
        scene.assertKernelIsConsistent();
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        assertThat(Pte.isPresent(scene.pte(parent, 0))).isTrue();
        scene.exit(grandchild);
        scene.exit(parent);
        scene.assertKernelIsConsistent();
    }
}
