package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Private pages 0 to 7 and shared memory at pages 16 to 31, all in one PTE table. */
class SharedMemoryBesidePrivateTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";
    private static final int SHARED = 16;

    private static MmStruct process(ForkScene scene) {
        MmStruct mm = scene.process(8);
        assertThat(scene.kernel.memoryMap().mmapShared(scene.cpu, mm, ForkScene.vaddr(SHARED), 16 * 4096L,
                ForkScene.READ_WRITE, false)).isZero();
        return mm;
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void childFindsSharedMemoryByItsOwnFaultsAndSeesLaterWrites(ForkScene scene) {
        MmStruct parent = process(scene);
        scene.writeAll(parent, SHARED, 4, 5);
        MmStruct child = scene.fork(parent);
        assertThat(scene.pte(child, SHARED)).isEqualTo(Pte.NONE);
        assertThat(child.rss(Rss.SHMEMPAGES)).isZero();
        scene.write(parent, SHARED, 6);
        assertThat(scene.read(child, SHARED)).isEqualTo(6);
        scene.write(child, SHARED + 1, 7);
        assertThat(scene.read(parent, SHARED + 1)).isEqualTo(7);
        scene.assertKernelIsConsistent();
    }

    @Test
    void tableWithEntriesOfSharedMemoryIsCopied() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        scene.write(parent, SHARED, 5);
        MmStruct child = scene.fork(parent);
        assertThat(scene.count(Counter.TABLE_FALLBACK)).isEqualTo(1);
        assertThat(scene.table(parent, 0)).isNotSameAs(scene.table(child, 0));
        assertThat(scene.mapcount(parent, SHARED)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    /** A guard makes fork copy the entries of shared memory as well, and those are writable. */
    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void entriesOfSharedMemoryThatForkCopiesAreNotInASharedTable(ForkScene scene) {
        MmStruct parent = process(scene);
        scene.writeAll(parent, SHARED, 4, 5);
        assertThat(scene.kernel.memoryMap().madvise(scene.cpu, parent, ForkScene.vaddr(SHARED + 8), 4096,
                Advice.GUARD_INSTALL)).isZero();
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(parent, 0)).isNotSameAs(scene.table(child, 0));
        assertThat(Pte.isWritable(scene.pte(child, SHARED + 1))).isTrue();
        assertThat(scene.mapcount(parent, SHARED + 1)).isEqualTo(2);
        scene.write(child, SHARED + 1, 6);
        assertThat(scene.read(parent, SHARED + 1)).isEqualTo(6);
        scene.assertKernelIsConsistent();
    }

    @Test
    void firstFaultInSharedMemoryBreaksATableThatHadNoSuchEntry() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(scene.read(child, SHARED)).isZero();
        assertThat(scene.count(Counter.TABLE_BROKEN)).isEqualTo(1);
        assertThat(scene.pte(parent, SHARED)).isEqualTo(Pte.NONE);
        scene.write(parent, SHARED, 3);
        assertThat(scene.read(child, SHARED)).isEqualTo(3);
        scene.assertKernelIsConsistent();
    }

    @Test
    void pagesAreNotMappedAroundIntoASharedTable() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        scene.writeAll(parent, SHARED, 16, 5);
        assertThat(scene.kernel.memoryMap().madvise(scene.cpu, parent, ForkScene.vaddr(SHARED), 16 * 4096L,
                Advice.DONTNEED)).isZero();
        MmStruct child = scene.fork(parent);
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(scene.read(child, SHARED + 3)).isEqualTo(5);
        assertThat(child.rss(Rss.SHMEMPAGES)).as("mapped around").isEqualTo(16);
        assertThat(parent.rss(Rss.SHMEMPAGES)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void faultInSharedMemoryWithoutMemoryForTheBreakIsOomAndSucceedsLater() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = process(scene);
        MmStruct child = scene.fork(parent);
        int failed = 0;
        scene.kernel.failures().failOnceAfter(0);
        long result = scene.tryWrite(child, SHARED, 4);
        while (UserAccess.faultOf(result) == UserFault.OOM) {
            assertThat(scene.pte(parent, SHARED)).isEqualTo(Pte.NONE);
            scene.assertKernelIsConsistent();
            scene.kernel.failures().failOnceAfter(++failed);
            result = scene.tryWrite(child, SHARED, 4);
        }
        scene.kernel.failures().off();
        assertThat(failed).as("the page and the table").isEqualTo(2);
        assertThat(scene.read(parent, SHARED)).isEqualTo(4);
        scene.assertKernelIsConsistent();
    }
}
