package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a child must not get: left-out and wiped mappings, pinned pages (dossier scenarios 10 to 13, 18, 19, 45). */
class ForkExclusionsTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    // | 0..9 normal | 10..19 advised |   one table
    private static MmStruct twoMappings(ForkScene scene, Advice advice, boolean populateSecond) {
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 20, ForkScene.READ_WRITE);
        scene.writeAll(parent, 0, populateSecond ? 20 : 10, 1);
        advise(scene, parent, advice);
        assertThat(parent.vmas()).hasSize(2);
        return parent;
    }

    private static void advise(ForkScene scene, MmStruct mm, Advice advice) {
        assertThat(scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(10), 10 * 4096L, advice)).isZero();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void dontforkMappingIsAbsentInTheChildAndItsPagesStayTheParentsAlone(ForkScene scene) {
        MmStruct parent = twoMappings(scene, Advice.DONTFORK, true);

        MmStruct child = scene.fork(parent);

        assertThat(scene.pte(child, 10)).isEqualTo(Pte.NONE);
        assertThat(scene.tryWrite(child, 10, 2)).isNegative();
        assertThat(scene.refcount(parent, 10)).isEqualTo(1);
        assertThat(scene.isExclusive(parent, 10)).isTrue();
        assertThat(scene.refcount(parent, 0)).isEqualTo(2);
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(10);
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableWithAPageOfADontforkMappingIsCopied() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = twoMappings(scene, Advice.DONTFORK, true);

        MmStruct child = scene.fork(parent);

        assertThat(scene.count(Counter.TABLE_FALLBACK)).isEqualTo(1);
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(scene.table(parent, 0).isShared()).isFalse();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void wipeonforkMappingReadsAsZerosInTheChild(ForkScene scene) {
        MmStruct parent = twoMappings(scene, Advice.WIPEONFORK, true);

        MmStruct child = scene.fork(parent);

        assertThat(scene.pte(child, 15)).isEqualTo(Pte.NONE);
        assertThat(scene.read(child, 15)).isZero();
        assertThat(scene.read(child, 5)).isEqualTo(1);
        assertThat(scene.read(parent, 15)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void untouchedDontforkMappingDoesNotKeepItsTableFromBeingShared() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = twoMappings(scene, Advice.DONTFORK, false);
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));

        scene.write(parent, 12, 5);

        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(scene.pte(child, 12)).isEqualTo(Pte.NONE);
        assertThat(scene.tryWrite(child, 12, 1)).isNegative();
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableSharedAlreadyIsCopiedForAThirdProcessAfterMadvDontfork() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(20);
        MmStruct child = scene.fork(parent);
        advise(scene, parent, Advice.DONTFORK);

        MmStruct third = scene.fork(parent);

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(2);
        assertThat(scene.table(third, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(scene.pte(third, 10)).isEqualTo(Pte.NONE);
        assertThat(scene.refcount(parent, 10)).isEqualTo(2);
        assertThat(scene.refcount(parent, 0)).isEqualTo(3);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 255, 511})
    void pinnedPageStaysWithTheParentWhereverItIsInTheTable(int page) {
        ForkScene.eachDesign().forEach(scene -> {
            MmStruct parent = scene.process(512);
            scene.pin(parent, page);
            long pfn = scene.pfn(parent, page);

            MmStruct child = scene.fork(parent);

            assertThat(scene.pfn(parent, page)).isEqualTo(pfn);
            assertThat(scene.isExclusive(parent, page)).isTrue();
            assertThat(Pte.isWritable(scene.pte(parent, page))).isTrue();
            assertThat(scene.pfn(child, page)).isNotEqualTo(pfn);
            assertThat(scene.read(child, page)).isEqualTo(1);
            assertThat(scene.refcount(parent, 128)).isEqualTo(2);
            assertThat(scene.table(parent, 0).shareCount()).isEqualTo(1);
            assertThat(scene.count(Counter.FORK_PAGE_COPY)).isEqualTo(1);
            scene.assertKernelIsConsistent();
        });
    }

    @Test
    void onlyTheTableWithThePinnedPageFallsBack() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        scene.pin(parent, 600);

        MmStruct child = scene.fork(parent);

        assertThat(scene.count(Counter.TABLE_FALLBACK)).isEqualTo(1);
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.table(child, 600)).isNotSameAs(scene.table(parent, 600));
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void forkThatFailsAtAnyOfItsAllocationsLeavesTheParentAsItWas(ForkScene scene) {
        MmStruct parent = scene.process(512);
        scene.pin(parent, 255);
        long free = scene.freePages();
        long needed = allocationsOfAFork(scene, parent);
        assertThat(needed).isEqualTo(5); // top, PUD, PMD, PTE table and the copy of the pinned page
        for (long skip = 0; skip < needed; skip++) {
            scene.kernel.failures().failOnceAfter(skip);

            assertThat(scene.kernel.fork(scene.cpu, parent)).isNull();

            assertThat(scene.freePages()).isEqualTo(free);
            assertThat(scene.table(parent, 0).shareCount()).isEqualTo(1);
            assertThat(scene.refcount(parent, 0)).isEqualTo(1);
            assertThat(scene.isExclusive(parent, 255)).isTrue();
            scene.assertKernelIsConsistent();
            scene.write(parent, (int) skip, 7);
        }
        assertThat(scene.kernel.mms()).containsExactly(parent);
    }

    private static long allocationsOfAFork(ForkScene scene, MmStruct parent) {
        long before = scene.kernel.failures().attempts();
        scene.exit(scene.fork(parent));
        return scene.kernel.failures().attempts() - before;
    }

    @Test
    void pageThatBecameExclusiveAgainAndWasPinnedIsSeenByTheNextFork() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        scene.exit(scene.fork(parent));
        assertThat(scene.pmdIsWritable(parent, 0)).isFalse(); // R = 1, not taken over yet
        scene.write(parent, 1, 4);
        scene.pin(parent, 1);

        MmStruct child = scene.fork(parent);

        assertThat(scene.count(Counter.TABLE_FALLBACK)).isEqualTo(1);
        assertThat(scene.pfn(child, 1)).isNotEqualTo(scene.pfn(parent, 1));
        assertThat(scene.read(child, 1)).isEqualTo(4);
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableIsSharedByTheNextForkAfterThePinIsGone() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        scene.pin(parent, 0);
        MmStruct first = scene.fork(parent);
        scene.unpin();

        MmStruct second = scene.fork(parent);

        assertThat(scene.table(first, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(scene.table(second, 0)).isSameAs(scene.table(parent, 0));
        scene.assertKernelIsConsistent();
    }
}
