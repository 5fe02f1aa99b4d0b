package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** mremap, guard regions and mlock where the tables are shared: the other sharer sees nothing of it, and a failure changes nothing. */
class MovesOfSharedTableTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";
    private static final int FAR = 8 * 512;

    /** A process with four pages that hold their numbers. */
    private static MmStruct numbered(ForkScene scene) {
        MmStruct mm = scene.process(4);
        for (int page = 0; page < 4; page++) {
            scene.write(mm, page, page);
        }
        return mm;
    }

    private static int move(ForkScene scene, MmStruct mm, int firstPage, int pages, int to) {
        return scene.kernel.memoryMap().mremap(scene.cpu, mm, ForkScene.vaddr(firstPage), pages * 4096L,
                ForkScene.vaddr(to), pages * 4096L, MemoryMap.MREMAP_MAYMOVE | MemoryMap.MREMAP_FIXED);
    }

    private static int madvise(ForkScene scene, MmStruct mm, int firstPage, int pages, Advice advice) {
        return scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(firstPage), pages * 4096L, advice);
    }

    private static int mlock(ForkScene scene, MmStruct mm, int firstPage, int pages, boolean onfault) {
        return scene.kernel.memoryMap().mlock(scene.cpu, mm, ForkScene.vaddr(firstPage), pages * 4096L, onfault);
    }

    // ---------------------------------------------------------------- mremap

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void childMovesItsPagesAndTheParentKeepsThem(ForkScene scene) {
        MmStruct parent = numbered(scene);
        MmStruct child = scene.fork(parent);

        assertThat(move(scene, child, 1, 2, FAR + 100)).isZero();

        assertThat(scene.read(child, FAR + 101)).isEqualTo(2);
        assertThat(scene.read(parent, 2)).isEqualTo(2);
        assertThat(UserAccess.faultOf(scene.tryWrite(child, 1, 9))).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(scene.mapcount(parent, 1)).isEqualTo(2);
        scene.write(child, FAR + 100, 9);
        assertThat(scene.read(parent, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void wholeTableMovesOfOneSharerOnly(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 512, ForkScene.READ_WRITE);
        scene.writeAll(parent, 0, 3, 7);
        MmStruct child = scene.fork(parent);

        assertThat(move(scene, parent, 0, 512, FAR)).isZero();

        assertThat(scene.hasTable(parent, 0)).isFalse();
        assertThat(scene.read(parent, FAR + 2)).isEqualTo(7);
        assertThat(scene.read(child, 2)).isEqualTo(7);
        assertThat(scene.table(parent, FAR)).isNotSameAs(scene.table(child, 0));
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void targetMayLieInASharedTable(ForkScene scene) {
        MmStruct parent = numbered(scene);
        scene.map(parent, FAR, 2, ForkScene.READ_WRITE);
        scene.writeAll(parent, FAR, 2, 5);
        MmStruct child = scene.fork(parent);

        assertThat(move(scene, child, FAR, 2, 1)).isZero();

        assertThat(scene.read(child, 1) * 10 + scene.read(child, 2)).isEqualTo(55);
        assertThat(scene.read(parent, 1) * 10 + scene.read(parent, 2)).isEqualTo(12);
        scene.assertKernelIsConsistent();
    }

    @Test
    void moveWithoutMemoryForATableChangesNothing() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = numbered(scene);
        scene.map(parent, FAR, 4, ForkScene.READ_WRITE);
        scene.writeAll(parent, FAR, 4, 5);
        MmStruct child = scene.fork(parent);
        for (int skip = 0; skip < 2; skip++) { // the source's table, then the target's
            scene.kernel.failures().failOnceAfter(skip);
            assertThat(move(scene, child, 1, 2, FAR + 1)).isEqualTo(Errno.ENOMEM.code());
            scene.kernel.failures().off();
            assertThat(scene.read(child, 2)).isEqualTo(2);
            assertThat(scene.read(child, FAR + 2)).isEqualTo(5);
            assertThat(child.vmas()).hasSize(2);
            scene.assertKernelIsConsistent();
        }
        assertThat(move(scene, child, 1, 2, FAR + 1)).isZero();
        assertThat(scene.read(child, FAR + 2)).isEqualTo(2);
    }

    // ---------------------------------------------------------------- guard regions

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void guardOfOneSharerIsNotTheOthers(ForkScene scene) {
        MmStruct parent = numbered(scene);
        MmStruct child = scene.fork(parent);

        assertThat(madvise(scene, child, 1, 2, Advice.GUARD_INSTALL)).isZero();

        assertThat(UserAccess.faultOf(scene.read(child, 1))).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(scene.read(parent, 1)).isEqualTo(1);
        assertThat(scene.mapcount(parent, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void inheritedGuardMayBeRemovedByOneSharer(ForkScene scene) {
        MmStruct parent = numbered(scene);
        assertThat(madvise(scene, parent, 1, 1, Advice.GUARD_INSTALL)).isZero();
        MmStruct child = scene.fork(parent);

        assertThat(madvise(scene, child, 0, 4, Advice.GUARD_REMOVE)).isZero();

        assertThat(scene.read(child, 1)).isZero();
        assertThat(UserAccess.faultOf(scene.read(parent, 1))).isEqualTo(UserFault.SEGV_MAPERR);
        scene.assertKernelIsConsistent();
    }

    @Test
    void removingGuardsWhereThereAreNoneBreaksNothing() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = numbered(scene);
        MmStruct child = scene.fork(parent);

        assertThat(madvise(scene, child, 0, 4, Advice.GUARD_REMOVE)).isZero();

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
    }

    @ParameterizedTest
    @EnumSource(value = Advice.class, names = {"DONTNEED", "GUARD_INSTALL"})
    void adviceWithoutMemoryForTheTableIsTryAgain(Advice advice) {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = numbered(scene);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);

        assertThat(madvise(scene, child, 1, 2, advice)).isEqualTo(Errno.EAGAIN.code());

        scene.kernel.failures().off();
        assertThat(scene.read(child, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void guardOfTheParentIsRemovedOnlyWithMemory() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = numbered(scene);
        assertThat(madvise(scene, parent, 1, 1, Advice.GUARD_INSTALL)).isZero();
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);

        assertThat(madvise(scene, child, 0, 4, Advice.GUARD_REMOVE)).isEqualTo(Errno.EAGAIN.code());

        scene.kernel.failures().off();
        assertThat(UserAccess.faultOf(scene.read(child, 1))).isEqualTo(UserFault.SEGV_MAPERR);
        scene.assertKernelIsConsistent();
    }

    // ---------------------------------------------------------------- mlock

    @Test
    void lockOnFaultOnlyReadsTheSharedTable() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = numbered(scene);
        MmStruct child = scene.fork(parent);

        assertThat(mlock(scene, child, 0, 4, true)).isZero();

        assertThat(scene.table(child, 0)).isSameAs(scene.table(parent, 0));
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void lockBreaksCow(ForkScene scene) {
        MmStruct parent = numbered(scene);
        MmStruct child = scene.fork(parent);

        assertThat(mlock(scene, child, 0, 4, false)).isZero();

        assertThat(scene.isExclusive(child, 0)).isTrue();
        assertThat(scene.pfn(child, 0)).isNotEqualTo(scene.pfn(parent, 0));
        assertThat(Pte.isWritable(scene.pte(child, 3))).isTrue();
        assertThat(scene.read(parent, 3)).isEqualTo(3);
        scene.assertKernelIsConsistent();
    }
}
