package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables shared by more than two, and forks of forks (dossier scenarios 41 to 44). */
class NestedForkTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    @Test
    void breakOfOneOfThreeLeavesTwoSharersAndAllThreeMappings() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);
        MmStruct grandchild = scene.fork(child);
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(3);
        assertThat(scene.refcount(parent, 1)).isEqualTo(3);

        scene.write(child, 0, 2);

        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(2);
        assertThat(scene.table(grandchild, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.refcount(parent, 1)).isEqualTo(3);
        assertThat(scene.mapcount(parent, 1)).isEqualTo(3);
        assertThat(scene.refcount(parent, 0)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @Test
    void secondForkOfASharedTableChangesNoEntryAndFlushesNothing() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(512);
        scene.fork(parent);
        long flushes = scene.count(Counter.TLB_FLUSH);
        long pmd = scene.pmd(parent, 0);
        long pte = scene.pte(parent, 5);

        MmStruct second = scene.fork(parent);

        assertThat(scene.count(Counter.TLB_FLUSH)).isEqualTo(flushes);
        assertThat(scene.pmd(parent, 0)).isEqualTo(pmd);
        assertThat(scene.pte(parent, 5)).isEqualTo(pte);
        assertThat(scene.table(second, 0).shareCount()).isEqualTo(3);
        assertThat(scene.refcount(parent, 5)).isEqualTo(3);
        scene.assertKernelIsConsistent();
    }

    @Test
    void firstForkFlushesTheParentOnce() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(1024);
        long flushes = scene.count(Counter.TLB_FLUSH);

        scene.fork(parent);

        assertThat(scene.count(Counter.TLB_FLUSH) - flushes).isEqualTo(1);
    }

    @Test
    void pagesWrittenAfterATakeOverAreProtectedAgainByTheNextFork() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);
        scene.exit(parent);
        scene.write(child, 2, 7); // takes the table over
        assertThat(scene.isExclusive(child, 2)).isTrue();

        MmStruct grandchild = scene.fork(child);

        assertThat(scene.isExclusive(child, 2)).isFalse();
        assertThat(Pte.isWritable(scene.pte(child, 2))).isFalse();
        assertThat(scene.pmdIsWritable(child, 0)).isFalse();
        scene.write(child, 2, 8);
        assertThat(scene.read(grandchild, 2)).isEqualTo(7);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void chainOfAHundredForksWithRandomWritesAndExitsKeepsEveryonesBytes(ForkScene scene) {
        Random random = new Random(44);
        List<MmStruct> all = new ArrayList<>(List.of(scene.process(4)));
        List<int[]> expected = new ArrayList<>(List.of(new int[] {1, 1, 1, 1}));
        for (int step = 0; step < 100; step++) {
            all.add(scene.fork(all.getLast()));
            expected.add(expected.getLast().clone());
            for (int n = random.nextInt(3); n > 0; n--) {
                int who = random.nextInt(all.size());
                int page = random.nextInt(4);
                expected.get(who)[page] = random.nextInt(256);
                scene.write(all.get(who), page, expected.get(who)[page]);
            }
            if (all.size() > 6) {
                int who = random.nextInt(all.size());
                scene.exit(all.remove(who));
                expected.remove(who);
            }
            assertBytes(scene, all, expected);
            scene.assertKernelIsConsistent();
        }
    }

    private static void assertBytes(ForkScene scene, List<MmStruct> all, List<int[]> expected) {
        for (int who = 0; who < all.size(); who++) {
            for (int page = 0; page < 4; page++) {
                assertThat(scene.read(all.get(who), page)).isEqualTo(expected.get(who)[page]);
            }
        }
    }
}
