package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a fork, and the first writes after it, do to tables, counts and contents (dossier scenarios 1 to 5). */
class ForkBasicsTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    @Test
    void forkAddsNoPteTable() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        long before = scene.tables();

        MmStruct child = scene.fork(parent);

        assertThat(scene.tables() - before).isEqualTo(3); // top, PUD, PMD
        assertThat(scene.count(Counter.TABLE_SHARED)).isEqualTo(2);
        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.table(child, 512)).isSameAs(scene.table(parent, 512));
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(2);
        assertThat(child.pgtablesBytes()).isEqualTo(parent.pgtablesBytes());
        scene.assertKernelIsConsistent();
    }

    @Test
    void classicForkAddsOnePteTableForEachOfTheParents() {
        ForkScene scene = new ForkScene(ForkLab.eachDesign().getFirst());
        MmStruct parent = scene.process(1024);
        long before = scene.tables();

        MmStruct child = scene.fork(parent);

        assertThat(scene.tables() - before).isEqualTo(5);
        assertThat(scene.table(child, 0)).isNotSameAs(scene.table(parent, 0));
        assertThat(scene.table(parent, 0).isShared()).isFalse();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void forkCountsEveryPageOnceMore(ForkScene scene) {
        MmStruct parent = scene.process(4);

        MmStruct child = scene.fork(parent);

        for (int page = 0; page < 4; page++) {
            assertThat(scene.refcount(parent, page)).isEqualTo(2);
            assertThat(scene.mapcount(parent, page)).isEqualTo(2);
            assertThat(scene.isExclusive(parent, page)).isFalse();
            assertThat(Pte.isWritable(scene.pte(parent, page))).isFalse();
            assertThat(Pte.isWritable(scene.pte(child, page))).isFalse();
        }
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(parent.rss(Rss.ANONPAGES)).isEqualTo(4);
        scene.assertKernelIsConsistent();
    }

    @Test
    void bothPmdEntriesOfASharedTableAreWriteProtected() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1);

        MmStruct child = scene.fork(parent);

        assertThat(scene.pmdIsWritable(parent, 0)).isFalse();
        assertThat(scene.pmdIsWritable(child, 0)).isFalse();
    }

    @Test
    void childThatExitsUntouchedLeavesPagesToTheParentWithoutACopy() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(3);
        scene.exit(scene.fork(parent));
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(1);
        assertThat(scene.refcount(parent, 1)).isEqualTo(1);

        scene.write(parent, 1, 5);

        assertThat(scene.table(parent, 0).isShared()).isFalse();
        assertThat(scene.pmdIsWritable(parent, 0)).isTrue();
        assertThat(scene.isExclusive(parent, 1)).isTrue();
        assertThat(scene.isExclusive(parent, 0)).isFalse();
        assertThat(scene.count(Counter.TABLE_REOWNED)).isEqualTo(1);
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
        assertThat(scene.count(Counter.PAGE_COPY)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void oneWriteOfTheParentBreaksOneTableAndCopiesOnePage() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        MmStruct child = scene.fork(parent);

        scene.write(parent, 7, 9);

        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(scene.count(Counter.PAGE_COPY)).isEqualTo(1);
        assertThat(scene.read(child, 7)).isEqualTo(1);
        assertThat(scene.pfn(parent, 7)).isNotEqualTo(scene.pfn(child, 7));
        assertThat(scene.pfn(parent, 8)).isEqualTo(scene.pfn(child, 8));
        assertThat(scene.table(parent, 512)).isSameAs(scene.table(child, 512));
        scene.assertKernelIsConsistent();
    }

    @Test
    void lastSharerTakesTheTableOverWithoutAnAllocation() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        scene.write(child, 0, 2);
        long tables = scene.count(Counter.TABLE_ALLOC);
        long copies = scene.count(Counter.PAGE_COPY);

        scene.write(parent, 0, 3);

        assertThat(scene.count(Counter.TABLE_ALLOC)).isEqualTo(tables);
        assertThat(scene.count(Counter.PAGE_COPY)).isEqualTo(copies); // the page is the parent's alone again
        assertThat(scene.count(Counter.TABLE_REOWNED)).isEqualTo(1);
        assertThat(scene.read(child, 0)).isEqualTo(2);
        assertThat(scene.read(parent, 0)).isEqualTo(3);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void bothWriteTheSamePageAndEachSeesItsOwn(ForkScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);

        scene.write(parent, 0, 3);
        scene.write(child, 0, 2);

        assertThat(scene.read(parent, 0)).isEqualTo(3);
        assertThat(scene.read(child, 0)).isEqualTo(2);
        assertThat(scene.refcount(parent, 0)).isEqualTo(1);
        assertThat(scene.refcount(child, 0)).isEqualTo(1);
        assertThat(scene.refcount(child, 1)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }
}
