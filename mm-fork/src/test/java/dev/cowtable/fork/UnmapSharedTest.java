package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** munmap and MADV_DONTNEED by one of two sharers (dossier scenarios 30 to 33). */
class UnmapSharedTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    private static int dontneed(ForkScene scene, MmStruct mm, int firstPage, int pages) {
        return scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(firstPage), pages * 4096L,
                Advice.DONTNEED);
    }

    @Test
    void childUnmapsEverythingWithoutAnAllocation() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        MmStruct child = scene.fork(parent);
        assertThat(scene.read(child, 0)).isEqualTo(1); // a translation that must not outlive the unmapping
        long parentEntry = scene.pte(parent, 0);
        long attempts = scene.kernel.failures().attempts();

        assertThat(scene.munmap(child, 0, 1024)).isZero();

        assertThat(scene.kernel.failures().attempts()).isEqualTo(attempts);
        assertThat(scene.count(Counter.TABLE_DETACHED)).isEqualTo(2);
        assertThat(scene.pte(parent, 0)).isEqualTo(parentEntry);
        assertThat(scene.refcount(parent, 0)).isEqualTo(1);
        assertThat(scene.mapcount(parent, 0)).isEqualTo(1);
        assertThat(child.rss(Rss.ANONPAGES)).isZero();
        assertThat(scene.read(child, 0)).isNegative();
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void childUnmapsOnePageInTheMiddleAndTheParentKeepsIt(ForkScene scene) {
        MmStruct parent = scene.process(512);
        MmStruct child = scene.fork(parent);

        assertThat(scene.munmap(child, 200, 1)).isZero();

        assertThat(scene.read(child, 200)).isNegative();
        assertThat(scene.read(child, 199)).isEqualTo(1);
        assertThat(scene.read(parent, 200)).isEqualTo(1);
        assertThat(scene.refcount(parent, 200)).isEqualTo(1);
        assertThat(scene.refcount(parent, 199)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @Test
    void munmapInTheMiddleOfASharedTableFailsWithoutMemoryAndChangesNothing() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(512);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);

        assertThat(scene.munmap(child, 200, 1)).isEqualTo(Errno.ENOMEM.code());

        assertThat(child.vmas()).hasSize(1);
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.read(child, 200)).isEqualTo(1);
        scene.kernel.failures().off();
        assertThat(scene.munmap(child, 200, 1)).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void childReadsZerosAfterDontneedAndTheParentItsOldData(ForkScene scene) {
        MmStruct parent = scene.process(512);
        MmStruct child = scene.fork(parent);

        assertThat(dontneed(scene, child, 3, 1)).isZero();

        assertThat(scene.read(child, 3)).isZero();
        assertThat(scene.read(child, 4)).isEqualTo(1);
        assertThat(scene.read(parent, 3)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void dontneedOfAWholeTableDetachesIt() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        MmStruct child = scene.fork(parent);

        assertThat(dontneed(scene, child, 0, 512)).isZero();

        assertThat(scene.count(Counter.TABLE_DETACHED)).isEqualTo(1);
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
        assertThat(scene.hasTable(child, 0)).isFalse();
        scene.write(child, 0, 6);
        assertThat(scene.read(child, 1)).isZero();
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        assertThat(scene.table(child, 512)).isSameAs(scene.table(parent, 512));
        scene.assertKernelIsConsistent();
    }

    // | 0..99 | hole | 200..299 | hole |   one table, all of its entries zapped, but not all of its 2 MiB
    @Test
    void dontneedOfAllEntriesButNotOfTheWholeTableLeavesAnEmptyPrivateTable() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 100, ForkScene.READ_WRITE);
        scene.map(parent, 200, 100, ForkScene.READ_WRITE);
        scene.writeAll(parent, 0, 100, 1);
        scene.writeAll(parent, 200, 100, 1);
        MmStruct child = scene.fork(parent);

        assertThat(dontneed(scene, child, 0, 300)).isEqualTo(Errno.ENOMEM.code()); // the hole, after all is done

        assertThat(scene.hasTable(child, 0)).isTrue();
        assertThat(scene.table(child, 0).isShared()).isFalse();
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(child.rss(Rss.ANONPAGES)).isZero();
        assertThat(scene.refcount(parent, 250)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void dontneedOnASharedTableIsTriedAgainWhenMemoryIsShort() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(512);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);

        assertThat(dontneed(scene, child, 3, 1)).isEqualTo(Errno.EAGAIN.code());

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.read(child, 3)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }
}
