package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.access.RemapPfnRange;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * An operation over two shared tables, the second of which cannot be broken, leaves the first one's entries alone.
 *
 * <p>Pages 505 to 519 are written; the first table ends with page 511.
 */
class SeveralSharedTablesTest {
    private static final int FIRST = 505;
    private static final int PAGES = 15;

    private final ForkScene scene = ForkScene.relaxed();
    private final MmStruct parent = scene.emptyProcess();

    private MmStruct childOf(MmStruct mm) {
        MmStruct child = scene.fork(mm);
        assertThat(scene.table(mm, FIRST)).isSameAs(scene.table(child, FIRST)).isNotSameAs(scene.table(mm, 512));
        return child;
    }

    private int advise(MmStruct mm, int first, int pages, Advice advice) {
        return scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(first), pages * 4096L, advice);
    }

    private static long[] entries(ForkScene scene, MmStruct mm) {
        long[] entries = new long[PAGES];
        for (int i = 0; i < PAGES; i++) {
            entries[i] = scene.pte(mm, FIRST + i);
        }
        return entries;
    }

    @ParameterizedTest
    @CsvSource({"FREE, false", "DONTNEED, false", "GUARD_INSTALL, false", "GUARD_REMOVE, false", "FREE, true",
            "DONTNEED, true", "GUARD_INSTALL, true", "GUARD_REMOVE, true"})
    void adviceIsTriedAgainWithNothingChangedInTheFirstTable(Advice advice, boolean ofTwoMappings) {
        scene.map(parent, FIRST, PAGES, ForkScene.READ_WRITE);
        scene.writeAll(parent, FIRST, PAGES, 1);
        if (advice == Advice.GUARD_REMOVE) {
            assertThat(advise(parent, FIRST + 1, PAGES - 2, Advice.GUARD_INSTALL)).isZero();
        }
        MmStruct child = childOf(parent);
        if (ofTwoMappings) {
            assertThat(advise(child, 512, 8, Advice.RANDOM)).isZero();
            assertThat(child.vmas()).hasSize(2);
        }
        long[] before = entries(scene, child);
        scene.kernel.failures().failOnceAfter(1);
        assertThat(advise(child, FIRST + 1, PAGES - 2, advice)).isEqualTo(Errno.EAGAIN.code());
        assertThat(entries(scene, child)).isEqualTo(before);
        scene.assertKernelIsConsistent();
        assertThat(advise(child, FIRST + 1, PAGES - 2, advice)).isZero();
        assertThat(entries(scene, child)).isNotEqualTo(before);
        assertThat(entries(scene, parent)).isEqualTo(before);
        scene.assertKernelIsConsistent();
    }

    @Test
    void framesAreMappedInBothTablesOrInNone() {
        for (int page : new int[] {FIRST, 514}) {
            scene.map(parent, page, 1, ForkScene.READ_WRITE);
            scene.write(parent, page, 1);
        }
        assertThat(scene.kernel.memoryMap().mmapRegion(scene.cpu, parent, ForkScene.vaddr(510), 4 * 4096L,
                ForkScene.READ_WRITE | VmFlags.MAY_FLAGS | RemapPfnRange.VMA_FLAGS, null,
                ForkScene.vaddr(510) >>> 12)).isZero();
        MmStruct child = childOf(parent);
        scene.kernel.failures().failOnceAfter(1);
        assertThat(remap(child)).isEqualTo(Errno.ENOMEM.code());
        assertThat(scene.pte(child, 511)).isEqualTo(Pte.NONE);
        scene.assertKernelIsConsistent();
        assertThat(remap(child)).isZero();
        assertThat(scene.pfn(child, 513)).isEqualTo(0x3_0003);
        assertThat(scene.pte(parent, 513)).isEqualTo(Pte.NONE);
        scene.assertKernelIsConsistent();
    }

    private int remap(MmStruct mm) {
        mm.mmapLock().downWrite(scene.cpu);
        int error = new RemapPfnRange(scene.kernel).remap(scene.cpu, scene.vma(mm, 510), ForkScene.vaddr(510),
                0x3_0000, 4);
        mm.mmapLock().upWrite(scene.cpu);
        return error;
    }
}
