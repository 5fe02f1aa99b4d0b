package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.rmap.FolioReferenced;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pages that are taken back from processes that share tables. */
class ReclaimOfSharedTableTest {
    private static void swapon(ForkScene scene) {
        assertThat(scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM)).isGreaterThanOrEqualTo(0);
    }

    private static void advise(ForkScene scene, MmStruct mm, int pages, Advice advice) {
        assertThat(scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(0), pages * 4096L, advice)).isZero();
    }

    private static boolean isSwapped(ForkScene scene, MmStruct mm, int page) {
        return SwpEntry.isSlot(scene.pte(mm, page));
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void everySharerFindsItsPagesInSwap(ForkScene scene) {
        swapon(scene);
        MmStruct parent = scene.process(8);
        MmStruct child = scene.fork(parent);
        MmStruct grandchild = scene.fork(child);
        assertThat(scene.kernel.reclaim().shrinkNode(scene.cpu, 8)).isEqualTo(8);
        for (int page = 0; page < 8; page++) {
            assertThat(isSwapped(scene, parent, page) && isSwapped(scene, child, page)
                    && isSwapped(scene, grandchild, page)).isTrue();
        }
        scene.assertKernelIsConsistent();
        scene.write(grandchild, 3, 9);
        assertThat(scene.read(parent, 3)).isEqualTo(1);
        scene.exit(child);
        assertThat(scene.read(parent, 4)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pageStaysWhereThereIsNoMemoryToTakeItAway(ForkScene scene) {
        swapon(scene);
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);
        for (int skip = 0; skip < 6; skip++) {
            scene.kernel.failures().failOnceAfter(skip);
            scene.kernel.reclaim().shrinkNode(scene.cpu, 1);
            scene.kernel.failures().off();
            scene.assertKernelIsConsistent();
        }
        scene.kernel.failures().failAllAfter(0);
        scene.kernel.reclaim().shrinkNode(scene.cpu, 4);
        scene.kernel.failures().off();
        scene.assertKernelIsConsistent();
        for (int page = 0; page < 4; page++) {
            assertThat(scene.read(parent, page) + scene.read(child, page)).isEqualTo(2);
        }
    }

    @Test
    void pageoutLeavesASharedTableAlone() {
        ForkScene scene = ForkScene.relaxed();
        swapon(scene);
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);
        advise(scene, parent, 4, Advice.PAGEOUT);
        advise(scene, parent, 4, Advice.COLD);
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(Pte.isPresent(scene.pte(parent, 0))).isTrue();
        scene.assertKernelIsConsistent();
    }

    @Test
    void pageoutTakesThePagesOfTheLastSharer() {
        ForkScene scene = ForkScene.relaxed();
        swapon(scene);
        MmStruct parent = scene.process(4);
        scene.exit(scene.fork(parent));
        assertThat(scene.pmdIsWritable(parent, 0)).isFalse();
        advise(scene, parent, 4, Advice.PAGEOUT);
        assertThat(isSwapped(scene, parent, 0)).isTrue();
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void lazilyFreeingBreaksTheTableAndMarksThePageForBoth() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        advise(scene, parent, 2, Advice.FREE);
        scene.drain();
        assertThat(scene.table(parent, 0)).isNotSameAs(scene.table(child, 0));
        assertThat(scene.pfn(child, 0)).isEqualTo(scene.pfn(parent, 0));
        assertThat(Pte.isDirty(scene.pte(parent, 0))).isFalse();
        assertThat(Pte.isDirty(scene.pte(child, 0))).isTrue();
        assertThat(scene.kernel.reclaim().shrinkNode(scene.cpu, 2)).as("the child's entry is dirty").isZero();
        assertThat(scene.read(parent, 0)).as("who freed it has lost it").isZero();
        assertThat(scene.read(child, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void usedPageOfASharedTableCountsOnceForAllSharersAndTheTableStaysShared() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);
        FolioReferenced question = new FolioReferenced(scene.kernel);
        assertThat(question.referenced(scene.cpu, scene.pfn(parent, 0))).isEqualTo(1);
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(scene.pte(child, 0) & Entry.A).isZero();
        scene.assertKernelIsConsistent();
    }
}
