package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.numa.NumaHints;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Entries made inaccessible to see who uses them, and the fault that restores them. */
class NumaHintTest {
    private static int hint(ForkScene scene, MmStruct mm, int firstPage, int pages) {
        mm.mmapLock().downRead(scene.cpu);
        int changed = new NumaHints(scene.kernel).changeProtNuma(scene.cpu, scene.vma(mm, firstPage),
                ForkScene.vaddr(firstPage), ForkScene.vaddr(firstPage + pages));
        mm.mmapLock().upRead(scene.cpu);
        return changed;
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void hintedPageFaultsOnceAndIsWritableAtOnce(ForkScene scene) {
        MmStruct mm = scene.process(3);

        assertThat(hint(scene, mm, 0, 3)).isEqualTo(3);
        assertThat(Pte.isProtnone(scene.pte(mm, 1))).isTrue();
        long before = scene.count(Counter.FAULT_MINOR);
        scene.write(mm, 1, 8);

        assertThat(scene.count(Counter.FAULT_MINOR)).isEqualTo(before + 1);
        assertThat(scene.read(mm, 1)).isEqualTo(8);
        assertThat(scene.read(mm, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void childGetsTheHintAndBothFindThePageAgain(ForkScene scene) {
        MmStruct parent = scene.process(2);
        assertThat(hint(scene, parent, 0, 2)).isEqualTo(2);

        MmStruct child = scene.fork(parent);

        assertThat(Pte.isProtnone(scene.pte(child, 0))).isTrue();
        assertThat(scene.read(child, 0)).isEqualTo(1);
        scene.write(parent, 0, 6);
        assertThat(scene.read(child, 0)).isEqualTo(1);
        scene.write(child, 1, 7);
        assertThat(scene.read(parent, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pagesThatOthersMapOrThatMayBePinnedGetNoHint(ForkScene scene) {
        MmStruct parent = scene.process(3);
        scene.fork(parent);
        scene.write(parent, 1, 2);
        scene.write(parent, 2, 2);
        scene.pin(parent, 2);

        assertThat(hint(scene, parent, 0, 3)).isEqualTo(1);

        assertThat(Pte.isProtnone(scene.pte(parent, 1))).isTrue();
        scene.assertKernelIsConsistent();
        scene.unpin();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void zeroPageAndInaccessibleVmasGetNoHint(ForkScene scene) {
        MmStruct mm = scene.emptyProcess();
        scene.map(mm, 0, 2, ForkScene.READ_WRITE);
        assertThat(scene.read(mm, 0)).isZero();
        assertThat(hint(scene, mm, 0, 2)).isZero();
        scene.write(mm, 1, 1);

        assertThat(scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(0), 8192, 0)).isZero();

        assertThat(hint(scene, mm, 0, 2)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void scanLeavesASharedTableAlone() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);

        assertThat(hint(scene, parent, 0, 2)).isZero();

        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        scene.exit(child);
        assertThat(scene.table(parent, 0).isShared()).isTrue();
        assertThat(hint(scene, parent, 0, 2)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void faultOnAHintBreaksASharedTableOrFailsWithoutMemory() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        assertThat(hint(scene, parent, 0, 2)).isEqualTo(2);
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));

        scene.kernel.failures().failAllAfter(0);
        assertThat(scene.read(child, 0)).isNegative();
        scene.kernel.failures().off();

        assertThat(scene.read(child, 0)).isEqualTo(1);
        assertThat(scene.table(parent, 0)).isNotSameAs(scene.table(child, 0));
        assertThat(Pte.isProtnone(scene.pte(parent, 0))).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void mprotectOfAHintedRangeGivesTheRightsBack(ForkScene scene) {
        MmStruct mm = scene.process(2);
        assertThat(hint(scene, mm, 0, 2)).isEqualTo(2);

        assertThat(scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(0), 8192, VmFlags.READ)).isZero();

        assertThat(Pte.isProtnone(scene.pte(mm, 0))).isFalse();
        assertThat(scene.read(mm, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }
}
