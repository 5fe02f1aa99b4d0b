package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Swap entries in tables that are copied and shared (dossier scenarios 21 to 23). */
class ForkOfSwappedPagesTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    /** Page 0 written, page 1 and 2 as given by the test, page 3 never touched. */
    private static MmStruct process(ForkScene scene) {
        MmStruct mm = scene.emptyProcess();
        scene.map(mm, 0, 4, ForkScene.READ_WRITE);
        scene.write(mm, 0, 1);
        return mm;
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void slotIsCountedForTheChildAndItsEntryIsNoLongerExclusive(ForkScene scene) {
        MmStruct parent = process(scene);
        long slot = scene.swapEntry(parent, 1);
        assertThat(SwpEntry.isExclusive(scene.pte(parent, 1))).isTrue();

        MmStruct child = scene.fork(parent);

        assertThat(users(scene, slot)).isEqualTo(2);
        assertThat(SwpEntry.isExclusive(scene.pte(parent, 1))).isFalse();
        assertThat(scene.pte(child, 1)).isEqualTo(scene.pte(parent, 1));
        assertThat(child.rss(Rss.SWAPENTS)).isEqualTo(1);
        scene.assertKernelIsConsistent();
        scene.exit(child);
        assertThat(users(scene, slot)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void slotIsFreeOnlyAfterBothProcessesHaveDroppedIt(ForkScene scene) {
        MmStruct parent = process(scene);
        long slot = scene.swapEntry(parent, 1);
        MmStruct child = scene.fork(parent);
        scene.write(child, 0, 2); // a copy of the table counts no slot again
        assertThat(users(scene, slot)).isEqualTo(2);

        assertThat(scene.munmap(child, 1, 1)).isZero();
        assertThat(users(scene, slot)).isEqualTo(1);
        assertThat(SwpEntry.offset(scene.pte(parent, 1))).isEqualTo(slot);
        assertThat(scene.munmap(parent, 1, 1)).isZero();

        assertThat(users(scene, slot)).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void swapCountThatCannotGrowFailsTheForkAndCountsNothing(ForkScene scene) {
        MmStruct parent = process(scene);
        long first = scene.swapEntry(parent, 1);
        long full = scene.swapEntry(parent, 2);
        MmStruct[] children = forkUntilFull(scene, parent, full);
        int sharers = scene.table(parent, 0).shareCount();
        int references = scene.refcount(parent, 0);
        long free = scene.freePages();
        long fullEntry = SwpEntry.make(0, full);
        scene.kernel.swap().swapDuplicate(scene.cpu, fullEntry);
        scene.kernel.failures().failOnceAfter(tablesOfAFork(scene));

        assertThat(scene.kernel.fork(scene.cpu, parent)).isNull();

        assertThat(users(scene, first)).isEqualTo(SwapInfo.SWAP_MAP_MAX - 1);
        assertThat(users(scene, full)).isEqualTo(SwapInfo.SWAP_MAP_MAX);
        scene.kernel.swap().swapFree(scene.cpu, fullEntry);
        assertThat(scene.refcount(parent, 0)).isEqualTo(references);
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(sharers);
        assertThat(scene.freePages()).isEqualTo(free);
        assertThat(children).hasSize(SwapInfo.SWAP_MAP_MAX - 2);
        scene.assertKernelIsConsistent();
        scene.write(parent, 0, 9);
        assertThat(scene.read(children[0], 0)).isEqualTo(1);
    }

    private static int users(ForkScene scene, long slot) {
        return scene.kernel.swap().swapCount(SwpEntry.make(0, slot));
    }

    /** Both slots end one below the largest count that needs no continuation. */
    private static MmStruct[] forkUntilFull(ForkScene scene, MmStruct parent, long slot) {
        MmStruct[] children = new MmStruct[SwapInfo.SWAP_MAP_MAX - 2];
        for (int i = 0; i < children.length; i++) {
            children[i] = scene.fork(parent);
        }
        assertThat(users(scene, slot)).isEqualTo(SwapInfo.SWAP_MAP_MAX - 1);
        return children;
    }

    /** Allocations of a fork before its second swap entry: the tables of the child. */
    private static long tablesOfAFork(ForkScene scene) {
        return scene.toString().equals("classic") ? 4 : 3;
    }

    @Test
    void tableWithSwapEntriesIsSharedLikeAnyOther() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        scene.swapEntry(parent, 1);

        MmStruct child = scene.fork(parent);

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.count(Counter.TABLE_FALLBACK)).isZero();
    }
}
