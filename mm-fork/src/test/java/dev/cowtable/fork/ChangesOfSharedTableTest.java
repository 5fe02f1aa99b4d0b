package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults, mprotect and mmap on a shared table, with and without memory (dossier scenarios 54, 60 to 62, 75). */
class ChangesOfSharedTableTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    private static int mprotect(ForkScene scene, MmStruct mm, int firstPage, int pages, long prot) {
        return scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(firstPage), pages * 4096L, prot);
    }

    @Test
    void readOfAnUntouchedPageBreaksTheTableAndTheOtherSharerSeesNoZeroPage() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        scene.map(parent, 2, 2, ForkScene.READ_WRITE);
        MmStruct child = scene.fork(parent);

        assertThat(scene.read(child, 3)).isZero();

        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(Pte.isSpecial(scene.pte(child, 3))).isTrue();
        assertThat(scene.pte(parent, 3)).isEqualTo(Pte.NONE);
        scene.assertKernelIsConsistent();
    }

    @Test
    void readOfAnInheritedPageBreaksNothing() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);

        assertThat(scene.read(child, 1)).isEqualTo(1);

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
    }

    @Test
    void writeFaultWithoutMemoryForTheTableIsOomAndSucceedsLater() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);

        assertThat(UserAccess.faultOf(scene.tryWrite(child, 0, 2))).isEqualTo(UserFault.OOM);

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.table(parent, 0).shareCount()).isEqualTo(2);
        assertThat(scene.refcount(parent, 0)).isEqualTo(2);
        scene.assertKernelIsConsistent();
        scene.kernel.failures().off();
        scene.write(child, 0, 2);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void writeFaultThatGetsATableButNoPageLeavesOnlyABrokenTable() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(1);

        assertThat(UserAccess.faultOf(scene.tryWrite(child, 0, 2))).isEqualTo(UserFault.OOM);

        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(scene.pfn(child, 0)).isEqualTo(scene.pfn(parent, 0));
        assertThat(scene.refcount(parent, 0)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @Test
    void mprotectWithoutMemoryForTheSecondOfThreeTablesChangesNoRight() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(3 * 512);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(1);

        assertThat(mprotect(scene, child, 0, 3 * 512, 0)).isEqualTo(Errno.ENOMEM.code());

        assertThat(child.vmas()).hasSize(1);
        assertThat(child.vmas()[0].has(VmFlags.WRITE)).isTrue();
        for (int table = 0; table < 3; table++) {
            assertThat(Pte.isProtnone(scene.pte(child, table * 512))).isFalse();
            assertThat(scene.read(child, table * 512)).isEqualTo(1);
        }
        scene.assertKernelIsConsistent();
        scene.kernel.failures().off();
        assertThat(mprotect(scene, child, 0, 3 * 512, 0)).isZero();
        assertThat(UserAccess.faultOf(scene.read(child, 1024))).isEqualTo(UserFault.SEGV_ACCERR);
        assertThat(scene.read(parent, 1024)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void childsRightsComeAndGoWithoutTheParent(ForkScene scene) {
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);

        assertThat(mprotect(scene, child, 1, 1, VmFlags.READ)).isZero();
        assertThat(UserAccess.faultOf(scene.tryWrite(child, 1, 2))).isEqualTo(UserFault.SEGV_ACCERR);
        scene.write(parent, 1, 3);
        assertThat(scene.read(child, 1)).isEqualTo(1);
        assertThat(mprotect(scene, child, 1, 1, ForkScene.READ_WRITE)).isZero();
        scene.write(child, 1, 4);

        assertThat(scene.read(parent, 1)).isEqualTo(3);
        assertThat(scene.read(child, 1)).isEqualTo(4);
        assertThat(child.vmas()).hasSize(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void lossOfTheRightToWriteBreaksNoSharedTableAsItsEntriesHaveNone() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);

        assertThat(mprotect(scene, child, 0, 4, VmFlags.READ)).isZero();

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void mappingMadeInAHoleOfTheTableIsTheChildsAlone(ForkScene scene) {
        MmStruct parent = scene.process(4);
        MmStruct child = scene.fork(parent);

        scene.map(child, 100, 4, ForkScene.READ_WRITE);
        scene.write(child, 101, 5);

        assertThat(UserAccess.faultOf(scene.read(parent, 101))).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(scene.pte(parent, 101)).isEqualTo(Pte.NONE);
        scene.assertKernelIsConsistent();
        assertThat(scene.munmap(child, 100, 4)).isZero();
        assertThat(scene.pte(child, 101)).isEqualTo(Pte.NONE);
        assertThat(scene.read(child, 0)).isEqualTo(1);
        assertThat(scene.read(parent, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void otherCpuOfTheProcessSeesTheNewPageAfterABreak() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        var otherCpu = scene.kernel.machine().cpu(1);
        assertThat(scene.kernel.userAccess().readByte(otherCpu, child, ForkScene.vaddr(0))).isEqualTo(1);

        scene.write(child, 0, 9);
        scene.write(parent, 1, 8); // the parent is the old table's last sharer now

        assertThat(scene.kernel.userAccess().readByte(otherCpu, child, ForkScene.vaddr(0))).isEqualTo(9);
        assertThat(scene.kernel.userAccess().readByte(otherCpu, child, ForkScene.vaddr(1))).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }
}
