package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;

/** Tables that own the references to their pages. */
final class OnDemandForkTest {
    private static final int PAGES = 512;

    private final ForkScene scene = new ForkScene(ForkLab.onDemand());
    private final MmStruct parent = scene.process(PAGES);

    @Test
    void tableThatOneVmaCoversIsSharedWithoutALookAtAPage() {
        MmStruct child = scene.fork(parent);
        assertThat(scene.count(Counter.FORK_ENTRY_VISITED)).isZero();
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.refcount(child, 0)).isEqualTo(1);
        assertThat(child.rss(Rss.ANONPAGES)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableThatAVmaCoversInPartIsCopied() {
        scene.munmap(parent, 511, 1);
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(PAGES - 1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void breakCountsAndProtectsInTheCopyOnlyAndNoPageIsExclusiveAnyMore() {
        MmStruct child = scene.fork(parent);
        scene.write(child, 3, 9);
        assertThat(scene.read(parent, 3)).isEqualTo(1);
        assertThat(Pte.isWritable(scene.pte(parent, 4))).isTrue();
        assertThat(Pte.isWritable(scene.pte(child, 4))).isFalse();
        assertThat(scene.refcount(child, 4)).isEqualTo(2);
        assertThat(scene.isExclusive(child, 4)).isFalse();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(PAGES);
        assertThat(parent.rss(Rss.ANONPAGES)).isEqualTo(PAGES);
        scene.assertKernelIsConsistent();
    }

    @Test
    void lastSharerCopiesTooAndTheTableDropsItsReferences() {
        MmStruct child = scene.fork(parent);
        scene.exit(child);
        scene.write(parent, 3, 9);
        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(scene.count(Counter.TABLE_REOWNED)).isZero();
        assertThat(scene.refcount(parent, 4)).isEqualTo(1);
        assertThat(parent.rss(Rss.ANONPAGES)).isEqualTo(PAGES);
        scene.assertKernelIsConsistent();
    }

    @Test
    void unmappingOfAWholeTableDropsItsCountAndLooksAtNoPage() {
        MmStruct child = scene.fork(parent);
        assertThat(scene.munmap(child, 0, PAGES)).isZero();
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(1);
        assertThat(scene.mapcount(parent, 0)).isEqualTo(1);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void unmappingOfAPartBreaksFirst() {
        MmStruct child = scene.fork(parent);
        assertThat(scene.munmap(child, 0, 1)).isZero();
        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(scene.read(child, 1)).isEqualTo(1);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void parentExitsFirstAndTheChildStillReads() {
        long free = scene.freePages();
        MmStruct other = scene.process(PAGES);
        MmStruct child = scene.fork(other);
        scene.exit(other);
        assertThat(scene.read(child, 5)).isEqualTo(1);
        scene.assertKernelIsConsistent();
        scene.exit(child);
        assertThat(scene.freePages()).isEqualTo(free);
        scene.assertKernelIsConsistent();
    }

    @Test
    void whatThePrototypeDidNotDoIsRefused() {
        MmStruct child = scene.fork(parent);
        for (Advice advice : new Advice[] {Advice.DONTNEED, Advice.FREE, Advice.COLD, Advice.PAGEOUT,
                Advice.GUARD_INSTALL}) {
            assertThatThrownBy(
                    () -> scene.kernel.memoryMap().madvise(scene.cpu, child, ForkScene.vaddr(0), 4096, advice))
                    .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("ondemand");
        }
        assertThatThrownBy(() -> scene.kernel.memoryMap().mprotect(scene.cpu, child, ForkScene.vaddr(0), 4096,
                VmFlags.READ)).isInstanceOf(UnsupportedOperationException.class);
        scene.assertKernelIsConsistent();
    }

    @Test
    void forkWithSwapEntriesIsRefused() {
        scene.map(parent, 1024, 512, ForkScene.READ_WRITE);
        scene.write(parent, 1025, 1);
        scene.swapEntry(parent, 1024);
        assertThatThrownBy(() -> scene.fork(parent)).isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("swap");
    }

    @Test
    void pinnedPageIsCopiedAtFork() {
        scene.pin(parent, 5);
        MmStruct child = scene.fork(parent);
        assertThat(scene.pfn(child, 5)).isNotEqualTo(scene.pfn(parent, 5));
        scene.assertKernelIsConsistent();
        scene.unpin();
    }
}
