package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.migrate.MigratePages.Migration;
import dev.cowtable.mm.migrate.MigratePages.Result;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What others do to a page's entries while it is on its way to another frame. */
class MigrationRaceTest {
    private static MigratePages migrate(ForkScene scene) {
        return new MigratePages(scene.kernel);
    }

    private static Migration begin(ForkScene scene, MmStruct mm, int page) {
        return Objects.requireNonNull(migrate(scene).begin(scene.cpu, scene.pfn(mm, page)));
    }

    private static void finish(ForkScene scene, Migration migration) {
        assertThat(migrate(scene).finish(scene.cpu, migration)).isEqualTo(Result.MOVED);
        scene.drain();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void forkDuringAMoveLeavesNeitherSideExclusiveOrWritable(ForkScene scene) {
        MmStruct parent = scene.process(3);
        Migration migration = begin(scene, parent, 1);
        assertThat(SwpEntry.isWritableMigration(scene.pte(parent, 1))).isTrue();

        MmStruct child = scene.fork(parent);
        assertThat(SwpEntry.isReadableMigration(scene.pte(parent, 1))).isTrue();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(3);
        finish(scene, migration);

        assertThat(scene.pfn(parent, 1)).isEqualTo(scene.pfn(child, 1)).isEqualTo(migration.newPfn());
        assertThat(scene.mapcount(parent, 1)).isEqualTo(2);
        assertThat(scene.isExclusive(parent, 1)).isFalse();
        assertThat(Pte.isWritable(scene.pte(parent, 1))).isFalse();
        scene.write(parent, 1, 5);
        assertThat(scene.read(child, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void entryOfATableSharedMeanwhileIsRestoredInPlaceForAllSharers() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(3);
        Migration migration = begin(scene, parent, 1);
        MmStruct child = scene.fork(parent);
        MmStruct second = scene.fork(child);
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0)).isSameAs(scene.table(second, 0));

        scene.kernel.failures().failAllAfter(0);
        finish(scene, migration);
        scene.kernel.failures().off();

        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0)).isSameAs(scene.table(second, 0));
        assertThat(scene.mapcount(parent, 1)).isEqualTo(3);
        scene.assertKernelIsConsistent();
        scene.write(second, 1, 9);
        assertThat(scene.read(parent, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void mprotectDuringAMoveTakesTheRightToWriteAndLeavesThePageExclusive(ForkScene scene) {
        MmStruct mm = scene.process(2);
        Migration migration = begin(scene, mm, 0);

        assertThat(scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(0), 8192, VmFlags.READ)).isZero();
        finish(scene, migration);

        assertThat(Pte.isWritable(scene.pte(mm, 0))).isFalse();
        assertThat(scene.isExclusive(mm, 0)).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pageUnmappedByAllDuringItsMoveIsFreedWithItsLastHolder(ForkScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        Migration migration = begin(scene, parent, 0);

        scene.exit(child);
        assertThat(scene.munmap(parent, 0, 1)).isZero();
        finish(scene, migration);

        assertThat(scene.kernel.memMap().pageRefCount(migration.newPfn())).isZero();
        assertThat(scene.kernel.memMap().pageRefCount(migration.oldPfn())).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void dontneedOfOneSharerDuringAMoveLeavesTheOtherItsPage(ForkScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        Migration migration = begin(scene, parent, 0);

        scene.kernel.memoryMap().madvise(scene.cpu, child, ForkScene.vaddr(0), 4096, Advice.DONTNEED);
        finish(scene, migration);

        assertThat(scene.read(child, 0)).isZero();
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        assertThat(scene.mapcount(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void entryMovesToItsNewAddressAndIsFoundThere(ForkScene scene) {
        MmStruct mm = scene.process(2);
        Migration migration = begin(scene, mm, 0);

        int flags = MemoryMap.MREMAP_MAYMOVE | MemoryMap.MREMAP_FIXED;
        assertThat(scene.kernel.memoryMap().mremap(scene.cpu, mm, ForkScene.vaddr(0), 4096, ForkScene.vaddr(600), 4096,
                flags)).isNotNegative();
        finish(scene, migration);

        assertThat(scene.pfn(mm, 600)).isEqualTo(migration.newPfn());
        assertThat(scene.read(mm, 600)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }
}
