package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forks of address spaces of every shape: holes, several in a table, huge pages (dossier scenarios 6 to 9). */
class ForkOfMappingsTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    // |  hole  | 100..199 rw |  hole  | 400 ........ 599 rw |  hole  |
    // |---------------- table 0 -------------|------ table 1 --------|
    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void mappingsInsideTheirTablesWithHolesAroundAreInherited(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 100, 100, ForkScene.READ_WRITE);
        scene.map(parent, 400, 200, ForkScene.READ_WRITE);
        scene.writeAll(parent, 100, 100, 1);
        scene.writeAll(parent, 400, 200, 2);

        MmStruct child = scene.fork(parent);
        scene.write(child, 100, 7);
        scene.write(child, 599, 8);

        assertThat(scene.read(parent, 100)).isEqualTo(1);
        assertThat(scene.read(parent, 599)).isEqualTo(2);
        assertThat(scene.read(child, 199)).isEqualTo(1);
        assertThat(scene.read(child, 400)).isEqualTo(2);
        assertThat(scene.tryWrite(child, 99, 1)).isNegative();
        assertThat(scene.tryWrite(child, 300, 1)).isNegative();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(300);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void fiveMappingsInOneTableFollowTheirOwnRights(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        for (int i = 0; i < 5; i++) {
            scene.map(parent, i * 100, 50, ForkScene.READ_WRITE);
            scene.writeAll(parent, i * 100, 50, i + 1);
        }
        scene.kernel.memoryMap().mprotect(scene.cpu, parent, ForkScene.vaddr(200), 50 * 4096L, VmFlags.READ);

        MmStruct child = scene.fork(parent);

        for (int i = 0; i < 5; i++) {
            assertThat(scene.read(child, i * 100 + 49)).isEqualTo(i + 1);
            assertThat(scene.tryWrite(child, i * 100, 60 + i) == 0).isEqualTo(i != 2);
            assertThat(scene.read(parent, i * 100)).isEqualTo(i + 1);
        }
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableOfSeveralMappingsIsSharedAndCountedOnce() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 50, ForkScene.READ_WRITE);
        scene.map(parent, 100, 50, ForkScene.READ_WRITE);
        scene.write(parent, 0, 1);
        scene.write(parent, 100, 1);

        scene.fork(parent);

        assertThat(scene.count(Counter.TABLE_SHARED)).isEqualTo(1);
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(2);
        assertThat(scene.refcount(parent, 0)).isEqualTo(2);
        assertThat(scene.refcount(parent, 100)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void forkOfAnAddressSpaceWithoutPagesMakesOnlyTheTopTable(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 512, ForkScene.READ_WRITE);
        long before = scene.tables();

        MmStruct child = scene.fork(parent);

        assertThat(scene.tables() - before).isEqualTo(1);
        assertThat(child.vmas()).hasSize(1);
        scene.write(child, 3, 4);
        assertThat(scene.read(parent, 3)).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void tableOfNoneEntriesIsInheritedAsEmpty(ForkScene scene) {
        MmStruct parent = scene.process(2);
        scene.kernel.memoryMap().madvise(scene.cpu, parent, ForkScene.vaddr(0), 2 * 4096L,
                Advice.DONTNEED);
        assertThat(scene.hasTable(parent, 0)).isTrue();

        MmStruct child = scene.fork(parent);

        assertThat(child.rss(Rss.ANONPAGES)).isZero();
        scene.write(parent, 0, 6);
        assertThat(scene.read(child, 0)).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void pmdEntryThatIsNoneStaysNoneInTheChild(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 1024, ForkScene.READ_WRITE);
        scene.write(parent, 512, 1);

        MmStruct child = scene.fork(parent);

        assertThat(scene.hasTable(child, 0)).isFalse();
        assertThat(scene.hasTable(child, 512)).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void hugePageBesideATableIsInheritedWithOneMoreMapping(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 1024, ForkScene.READ_WRITE);
        scene.write(parent, 0, 1);
        assertThat(new OpaquePages(scene.kernel).installHugePage(scene.cpu, scene.vma(parent, 512),
                ForkScene.vaddr(512))).isTrue();

        MmStruct child = scene.fork(parent);

        assertThat(PageTables.isLeaf(scene.pmd(child, 512))).isTrue();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(513);
        assertThat(scene.kernel.memMap().mapcount(Entry.pfn(scene.pmd(child, 512)))).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }
}
