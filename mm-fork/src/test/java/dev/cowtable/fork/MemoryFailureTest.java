package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.memfail.MemoryFailure;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames that break: who touches one is killed, and nobody gets one again. */
class MemoryFailureTest {
    private static int poison(ForkScene scene, long pfn) {
        return new MemoryFailure(scene.kernel).memoryFailure(scene.cpu, pfn);
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void accessToAPoisonedPageIsASigbusOfItsOwnKind(ForkScene scene) {
        MmStruct mm = scene.process(2);
        long pfn = scene.pfn(mm, 0);

        assertThat(poison(scene, pfn)).isZero();

        assertThat(SwpEntry.isHwpoison(scene.pte(mm, 0))).isTrue();
        assertThat(mm.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(UserAccess.faultOf(scene.read(mm, 0))).isEqualTo(UserFault.BUS_MCEERR);
        assertThat(UserAccess.faultOf(scene.tryWrite(mm, 0, 2))).isEqualTo(UserFault.BUS_MCEERR);
        assertThat(scene.read(mm, 1)).isEqualTo(1);
        assertThat(poison(scene, pfn)).isEqualTo(Errno.EHWPOISON.code());
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void allProcessesThatMapThePageLoseIt(ForkScene scene) {
        MmStruct parent = scene.process(3);
        MmStruct child = scene.fork(parent);
        MmStruct second = scene.fork(child);
        scene.write(second, 2, 5);

        assertThat(poison(scene, scene.pfn(parent, 1))).isZero();

        for (MmStruct mm : new MmStruct[] {parent, child, second}) {
            assertThat(UserAccess.faultOf(scene.read(mm, 1))).isEqualTo(UserFault.BUS_MCEERR);
            assertThat(mm.rss(Rss.ANONPAGES)).isEqualTo(2);
        }
        scene.assertKernelIsConsistent();
    }

    @Test
    void sharedTableIsPoisonedInPlaceWithoutMemory() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(3);
        MmStruct child = scene.fork(parent);

        scene.kernel.failures().failAllAfter(0);
        int result = poison(scene, scene.pfn(parent, 1));
        scene.kernel.failures().off();

        assertThat(result).isZero();
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(SwpEntry.isHwpoison(scene.pte(child, 1))).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void childInheritsThePoisonedEntryAndUnmappingDropsIt(ForkScene scene) {
        MmStruct parent = scene.process(2);
        assertThat(poison(scene, scene.pfn(parent, 0))).isZero();

        MmStruct child = scene.fork(parent);
        assertThat(UserAccess.faultOf(scene.read(child, 0))).isEqualTo(UserFault.BUS_MCEERR);
        scene.kernel.memoryMap().madvise(scene.cpu, child, ForkScene.vaddr(0), 4096, Advice.DONTNEED);

        assertThat(scene.read(child, 0)).isZero();
        assertThat(UserAccess.faultOf(scene.read(parent, 0))).isEqualTo(UserFault.BUS_MCEERR);
        scene.assertKernelIsConsistent();
        scene.exit(parent);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void poisonedFrameIsNeverFreeAgain(ForkScene scene) {
        MmStruct mm = scene.process(2);
        long pfn = scene.pfn(mm, 0);
        assertThat(poison(scene, pfn)).isZero();

        scene.exit(mm);

        assertThat(scene.kernel.memMap().pageRefCount(pfn)).isEqualTo(1);
        assertThat(scene.kernel.memMap().testFlag(pfn, PageFlags.HWPOISON)).isTrue();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void freeFrameIsTakenOutOfTheAllocator(ForkScene scene) {
        MmStruct mm = scene.process(3);
        long pfn = scene.pfn(mm, 1);
        scene.exit(mm);
        long free = scene.freePages();

        assertThat(poison(scene, pfn)).isZero();

        assertThat(scene.freePages()).isEqualTo(free - 1);
        MmStruct next = scene.process(1024);
        for (int page = 0; page < 1024; page++) {
            assertThat(scene.pfn(next, page)).isNotEqualTo(pfn);
        }
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pinnedPageLosesItsMappingButTheFailureIsNotRecovered(ForkScene scene) {
        MmStruct mm = scene.process(2);
        scene.pin(mm, 0);
        long pfn = scene.pfn(mm, 0);

        assertThat(poison(scene, pfn)).isEqualTo(Errno.EBUSY.code());

        assertThat(UserAccess.faultOf(scene.read(mm, 0))).isEqualTo(UserFault.BUS_MCEERR);
        scene.assertKernelIsConsistent();
        scene.unpin();
        assertThat(scene.kernel.memMap().pageRefCount(pfn)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void framesOfTablesAreRefused(ForkScene scene) {
        MmStruct mm = scene.process(1);

        assertThat(poison(scene, scene.table(mm, 0).pfn())).isEqualTo(Errno.EOPNOTSUPP.code());

        assertThat(scene.read(mm, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void cleanPageOfTheSwapCacheIsReadAgainFromTheDevice(ForkScene scene) {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.FILE);
        MmStruct mm = scene.process(2);
        scene.write(mm, 0, 7);
        scene.drain();
        long pfn = scene.pfn(mm, 0);
        scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(0), 4096, Advice.PAGEOUT);
        assertThat(scene.kernel.memMap().testFlag(pfn, PageFlags.SWAPCACHE)).isTrue();

        assertThat(poison(scene, pfn)).isZero();

        assertThat(scene.read(mm, 0)).isEqualTo(7);
        assertThat(scene.pfn(mm, 0)).isNotEqualTo(pfn);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void dirtyPageOfTheSwapCacheKillsWhoSwapsItIn(ForkScene scene) {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.FILE);
        MmStruct mm = scene.process(2);
        scene.drain();
        long pfn = scene.pfn(mm, 0);
        scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(0), 4096, Advice.PAGEOUT);
        scene.kernel.memMap().setFlag(scene.cpu, pfn, PageFlags.DIRTY);

        assertThat(poison(scene, pfn)).isZero();

        assertThat(UserAccess.faultOf(scene.read(mm, 0))).isEqualTo(UserFault.BUS_MCEERR);
        scene.assertKernelIsConsistent();
    }
}
