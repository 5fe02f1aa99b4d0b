package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.rmap.FolioReferenced;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What changes no entry, or only A, leaves a shared table shared; what is new in a table breaks it. */
class SharedTableStaysSharedTest {
    private static final String EACH_DESIGN = "dev.cowtable.fork.ForkScene#eachDesign";

    private final ForkScene scene = ForkScene.relaxed();
    private final MmStruct parent = scene.process(8);
    private final MmStruct child = scene.fork(parent);

    private void assertShared() {
        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(scene.count(Counter.TABLE_BROKEN)).isZero();
        assertThat(scene.pmdIsWritable(parent, 0) || scene.pmdIsWritable(child, 0)).isFalse();
        scene.assertKernelIsConsistent();
    }

    private static int advise(ForkScene scene, MmStruct mm, int first, int pages, Advice advice) {
        return scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(first), pages * 4096L, advice);
    }

    @Test
    void splitAndMergeOfMappings() {
        assertThat(advise(scene, child, 2, 3, Advice.DONTFORK)).isZero();
        assertThat(child.vmas()).hasSize(3);
        assertShared();
        assertThat(advise(scene, child, 2, 3, Advice.DOFORK)).isZero();
        assertThat(child.vmas()).hasSize(1);
        assertShared();
    }

    @Test
    void newMappingBesideTheOld() {
        scene.map(child, 8, 4, ForkScene.READ_WRITE);
        assertThat(child.vmas()).as("an inherited anon_vma does not merge").hasSize(2);
        assertShared();
    }

    @Test
    void mincoreReadsWithoutTakingTheEntryForABadOne() {
        byte[] pages = new byte[8];
        assertThat(scene.kernel.memoryMap().mincore(scene.cpu, child, ForkScene.vaddr(0), 8 * 4096L, pages)).isZero();
        assertThat(pages).containsOnly(1);
        assertShared();
    }

    @Test
    void useOfAnAgedPageSetsAccessedForAllSharers() {
        new FolioReferenced(scene.kernel).referenced(scene.cpu, scene.pfn(parent, 3));
        assertThat(scene.pte(child, 3) & Entry.A).isZero();
        long faults = scene.count(Counter.FAULT_MINOR);
        assertThat(scene.read(child, 3)).isEqualTo(1);
        assertThat(scene.pte(parent, 3) & Entry.A).isNotZero();
        assertThat(scene.count(Counter.FAULT_MINOR)).isEqualTo(faults);
        assertShared();
    }

    @Test
    void adviceThatOnlyMarksMappings() {
        for (Advice advice : new Advice[] {Advice.RANDOM, Advice.NORMAL, Advice.WILLNEED, Advice.WIPEONFORK,
                Advice.KEEPONFORK, Advice.COLD}) {
            assertThat(advise(scene, child, 0, 8, advice)).as(advice.name()).isZero();
            assertShared();
        }
    }

    @Test
    void populateForReadingOfWhatIsThere() {
        assertThat(advise(scene, child, 0, 8, Advice.POPULATE_READ)).isZero();
        assertShared();
    }

    // ------------------------------------------------------------ and what breaks it

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void stackThatGrowsIntoASharedTableGrowsForOneSharerOnly(ForkScene scene) {
        MmStruct parent = scene.emptyProcess();
        scene.kernel.memoryMap().mmap(scene.cpu, parent, ForkScene.vaddr(300), 4096, ForkScene.READ_WRITE,
                MemoryMap.MAP_GROWSDOWN);
        scene.write(parent, 300, 1);
        MmStruct child = scene.fork(parent);
        scene.write(child, 296, 9);
        assertThat(scene.vma(child, 300).start()).isEqualTo(ForkScene.vaddr(296));
        assertThat(scene.pte(parent, 296)).isEqualTo(Pte.NONE);
        assertThat(scene.vma(parent, 300).start()).isEqualTo(ForkScene.vaddr(300));
        assertThat(scene.read(parent, 300)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void stackThatCannotBreakTheTableIsOutOfMemory() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.emptyProcess();
        scene.kernel.memoryMap().mmap(scene.cpu, parent, ForkScene.vaddr(300), 4096, ForkScene.READ_WRITE,
                MemoryMap.MAP_GROWSDOWN);
        scene.write(parent, 300, 1);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);
        assertThat(UserAccess.faultOf(scene.tryWrite(child, 296, 9))).isEqualTo(UserFault.OOM);
        scene.kernel.failures().off();
        assertThat(scene.table(parent, 300)).isSameAs(scene.table(child, 300));
        scene.assertKernelIsConsistent();
        scene.write(child, 296, 9);
    }

    @ParameterizedTest
    @MethodSource(EACH_DESIGN)
    void killedSharersNeedNoMemoryToGo(ForkScene scene) {
        MmStruct parent = scene.process(8);
        MmStruct child = scene.fork(parent);
        scene.kernel.failures().failAllAfter(0);
        scene.exit(parent);
        scene.exit(child);
        scene.kernel.failures().off();
        scene.assertKernelIsConsistent();
    }
}
