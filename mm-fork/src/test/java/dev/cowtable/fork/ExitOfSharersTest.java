package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The end of processes that share tables, in every order (dossier scenarios 34 to 37, 39, 40). */
class ExitOfSharersTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";
    private static final int[][] ORDERS = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void everyOrderOfExitsFreesEverythingWhoeverWrote(ForkScene scene) {
        long free = scene.freePages();
        long tables = scene.tables();
        for (int[] order : ORDERS) {
            for (int writers = 0; writers < 8; writers++) {
                MmStruct parent = scene.process(8);
                MmStruct child = scene.fork(parent);
                MmStruct[] all = {parent, child, scene.fork(child)};
                writeBy(scene, all, writers);
                for (int who : order) {
                    scene.exit(all[who]);
                    scene.assertKernelIsConsistent();
                }
                assertThat(scene.freePages()).isEqualTo(free);
                assertThat(scene.tables()).isEqualTo(tables);
            }
        }
    }

    private static void writeBy(ForkScene scene, MmStruct[] all, int writers) {
        for (int who = 0; who < all.length; who++) {
            if ((writers >> who & 1) != 0) {
                scene.write(all[who], who, 10 + who);
            }
        }
        for (int who = 0; who < all.length; who++) {
            for (int page = 0; page < all.length; page++) {
                boolean own = page == who && (writers >> who & 1) != 0;
                assertThat(scene.read(all[who], page)).isEqualTo(own ? 10 + who : 1);
            }
        }
    }

    @Test
    void tableOutlivesTheParentAndGoesOnceWithTheChild() {
        ForkScene scene = ForkScene.relaxed();
        long tables = scene.tables();
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);
        long pfn = scene.table(parent, 0).pfn();

        scene.exit(parent);

        assertThat(scene.table(child, 0).pfn()).isEqualTo(pfn);
        assertThat(scene.table(child, 0).shareCount()).isEqualTo(1);
        assertThat(scene.tables() - tables).isEqualTo(4); // the child's top, PUD, PMD and the PTE table
        assertThat(scene.read(child, 3)).isEqualTo(1);
        scene.assertKernelIsConsistent();
        scene.exit(child);
        assertThat(scene.tables()).isEqualTo(tables);
        assertThat(scene.kernel.memMap().pageRefCount(pfn)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void exitWithThreeMappingsInOneSharedTableAllocatesNothingAndDetachesOnce() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.emptyProcess();
        for (int i = 0; i < 3; i++) {
            scene.map(parent, i * 100, 50, ForkScene.READ_WRITE);
            scene.writeAll(parent, i * 100, 50, 1);
        }
        MmStruct child = scene.fork(parent);
        long attempts = scene.kernel.failures().attempts();
        scene.kernel.failures().failAllAfter(0);

        scene.exit(child);

        assertThat(scene.kernel.failures().attempts()).isEqualTo(attempts);
        assertThat(scene.count(Counter.TABLE_DETACHED)).isEqualTo(1);
        assertThat(scene.refcount(parent, 120)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    // | 0..9 | hole | 512..521 |   the first table is shared when the second one, with its pinned page, finds no memory
    @Test
    void failureAfterATableWasSharedTakesTheShareBack() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(10);
        scene.map(parent, 512, 10, ForkScene.READ_WRITE);
        scene.writeAll(parent, 512, 10, 1);
        scene.pin(parent, 515);
        long free = scene.freePages();
        scene.kernel.failures().failOnceAfter(3); // top, PUD, PMD; then the private table

        assertThat(scene.kernel.fork(scene.cpu, parent)).isNull();

        assertThat(scene.count(Counter.TABLE_SHARED)).isEqualTo(1);
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(1);
        assertThat(scene.refcount(parent, 0)).isEqualTo(1);
        assertThat(scene.refcount(parent, 512)).isEqualTo(1);
        assertThat(scene.freePages()).isEqualTo(free);
        scene.assertKernelIsConsistent();
        scene.write(parent, 0, 3);
        assertThat(scene.read(parent, 0)).isEqualTo(3);
    }

    @Test
    void childThatExecsAtOnceCostsTheParentNoCopy() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        MmStruct child = scene.fork(parent);
        assertThat(scene.munmap(child, 0, 1024)).isZero(); // what exec does to the old image
        scene.map(child, 5000, 4, ForkScene.READ_WRITE);
        scene.writeAll(child, 5000, 4, 2);

        scene.writeAll(parent, 0, 1024, 3);

        assertThat(scene.count(Counter.PAGE_COPY)).isZero();
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
        assertThat(scene.count(Counter.TABLE_REOWNED)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }
}
