package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pages on their way to swap and back while the PTE table that names them is shared. */
class SwapOfSharedTablesTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    /** Pages 0 to 3 are written; 1 and 2 are in swap and nowhere else. */
    private static MmStruct swappedProcess(ForkScene scene, SwapInfo.Kind kind) {
        scene.kernel.swap().swapon(scene.cpu, kind);
        MmStruct mm = scene.emptyProcess();
        scene.map(mm, 0, 4, ForkScene.READ_WRITE);
        for (int page = 0; page < 4; page++) {
            scene.write(mm, page, page + 1);
        }
        pageout(scene, mm, 1, 3);
        scene.read(mm, 1);
        scene.read(mm, 2);
        pageout(scene, mm, 1, 3);
        return mm;
    }

    private static void pageout(ForkScene scene, MmStruct mm, int first, int end) {
        mm.mmapLock().downRead(scene.cpu);
        scene.kernel.madvisePages().pageout(scene.cpu, scene.vma(mm, first), ForkScene.vaddr(first),
                ForkScene.vaddr(end));
        mm.mmapLock().upRead(scene.cpu);
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void swapInChangesTheTableOfTheFaultingProcessOnly(ForkScene scene) {
        MmStruct parent = swappedProcess(scene, SwapInfo.Kind.FILE);
        MmStruct child = scene.fork(parent);
        assertThat(scene.read(child, 1)).isEqualTo(2);
        assertThat(SwpEntry.isSlot(scene.pte(parent, 1))).isTrue();
        assertThat(Pte.isPresent(scene.pte(child, 1))).isTrue();
        assertThat(parent.rss(Rss.SWAPENTS)).isEqualTo(2);
        assertThat(child.rss(Rss.SWAPENTS)).isEqualTo(1);
        scene.assertKernelIsConsistent();
        scene.write(child, 1, 9);
        assertThat(scene.read(parent, 1)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void exitOfBothFreesEverySlot(ForkScene scene) {
        MmStruct parent = swappedProcess(scene, SwapInfo.Kind.ZRAM);
        MmStruct child = scene.fork(parent);
        MmStruct grandchild = scene.fork(child);
        scene.read(grandchild, 1);
        scene.exit(parent);
        scene.write(child, 2, 7);
        scene.assertKernelIsConsistent();
        scene.exit(grandchild);
        assertThat(scene.read(child, 1)).isEqualTo(2);
        scene.exit(child);
        assertThat(scene.kernel.swap().slotsInUse()).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void eachAllocationOfASwapInMayFail(ForkScene scene) {
        MmStruct parent = swappedProcess(scene, SwapInfo.Kind.FILE);
        MmStruct child = scene.fork(parent);
        int failed = 0;
        scene.kernel.failures().failOnceAfter(0);
        while (UserAccess.faultOf(scene.tryWrite(child, 1, 9)) != null) {
            scene.assertKernelIsConsistent();
            assertThat(scene.read(parent, 0)).isEqualTo(1);
            scene.kernel.failures().failOnceAfter(++failed);
        }
        scene.kernel.failures().off();
        assertThat(scene.read(child, 1)).isEqualTo(9);
        assertThat(scene.read(parent, 1)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableThatCannotBeCopiedLeavesTheSwapInUndone() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = swappedProcess(scene, SwapInfo.Kind.FILE);
        MmStruct child = scene.fork(parent);
        long entry = scene.pte(child, 1);
        scene.kernel.failures().failOnceAfter(1); // the page is had, the table is not
        assertThat(UserAccess.faultOf(scene.kernel.userAccess().readByte(scene.cpu, child, ForkScene.vaddr(1))))
                .isNotNull();
        assertThat(scene.pte(child, 1)).isEqualTo(entry);
        assertThat(scene.table(child, 1).isShared()).isTrue();
        assertThat(scene.kernel.swap().swapCount(entry)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void swapoffBringsEachSharerItsMapping(ForkScene scene) {
        MmStruct parent = swappedProcess(scene, SwapInfo.Kind.FILE);
        MmStruct child = scene.fork(parent);
        assertThat(scene.kernel.swap().swapoff(scene.cpu, 0)).isZero();
        assertThat(scene.pfn(child, 1)).isEqualTo(scene.pfn(parent, 1));
        assertThat(scene.mapcount(parent, 1)).isEqualTo(2);
        assertThat(scene.isExclusive(parent, 1)).isFalse();
        assertThat(scene.kernel.memMap().testFlag(scene.pfn(parent, 1), PageFlags.SWAPCACHE)).isFalse();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void swapoffWithoutMemoryForATableOrAPageLeavesTheAreaOn(ForkScene scene) {
        MmStruct parent = swappedProcess(scene, SwapInfo.Kind.FILE);
        MmStruct child = scene.fork(parent);
        int failed = 0;
        scene.kernel.failures().failOnceAfter(0);
        int result = scene.kernel.swap().swapoff(scene.cpu, 0);
        while (result != 0) {
            assertThat(result).isEqualTo(Errno.ENOMEM.code());
            scene.assertKernelIsConsistent();
            scene.kernel.failures().failOnceAfter(++failed);
            result = scene.kernel.swap().swapoff(scene.cpu, 0);
        }
        scene.kernel.failures().off();
        assertThat(failed).isPositive();
        assertThat(scene.read(child, 2)).isEqualTo(3);
        assertThat(scene.read(parent, 1)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }
}
