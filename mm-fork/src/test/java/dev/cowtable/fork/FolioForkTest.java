package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fork, copy on write and exit of processes whose memory is in large folios, under every design. */
class FolioForkTest {
    private static final int ORDER = 4;
    private static final int PAGES = 1 << ORDER;

    private static ForkScene scene(Kernel kernel) {
        kernel.setAnonFolioOrder(ORDER);
        return new ForkScene(kernel);
    }

    static Stream<ForkScene> everyDesign() {
        return Stream.of(ForkLab.classic("on"), ForkLab.classic("off"), ForkLab.relaxed(),
                ForkLab.relaxed("inplace", "marked"), ForkLab.owner(), ForkLab.onDemand()).map(FolioForkTest::scene);
    }

    /** Those whose counts of pages and of what it costs to count them are right at any time. */
    static Stream<ForkScene> accountingDesigns() {
        return Stream.of(ForkLab.classic("on"), ForkLab.classic("off"), ForkLab.relaxed()).map(FolioForkTest::scene);
    }

    private static LargeFolio folio(ForkScene scene, MmStruct mm, int page) {
        return scene.kernel.memMap().largeFolio(scene.pfn(mm, page));
    }

    // ---------------------------------------------------------------- every design

    @ParameterizedTest
    @MethodSource("everyDesign")
    void writersGetSmallCopiesAndNobodySeesTheOthersBytes(ForkScene scene) {
        MmStruct parent = scene.process(3 * PAGES);
        MmStruct child = scene.fork(parent);
        MmStruct grandchild = scene.fork(child);
        scene.writeAll(parent, 3, 2, 5);
        scene.write(grandchild, 4, 6);
        scene.assertKernelIsConsistent();
        assertThat(scene.kernel.memMap().isLarge(scene.pfn(parent, 3))).isFalse();
        assertThat(scene.read(child, 3)).isEqualTo(1);
        assertThat(scene.read(child, 4)).isEqualTo(1);
        assertThat(scene.read(grandchild, 4)).isEqualTo(6);
        scene.exit(child);
        scene.write(grandchild, 5, 8);
        assertThat(scene.read(parent, 5)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("everyDesign")
    void exitOfAllGivesEveryFrameBack(ForkScene scene) {
        long free = scene.freePages();
        MmStruct parent = scene.process(3 * PAGES);
        MmStruct child = scene.fork(parent);
        scene.munmap(child, PAGES + 3, PAGES);
        scene.exit(parent);
        scene.assertKernelIsConsistent();
        scene.write(child, 1, 9);
        scene.exit(child);
        scene.assertKernelIsConsistent();
        assertThat(scene.freePages()).isEqualTo(free);
    }

    /**
     * The child keeps the table and the parent has a copy of it, in both of which the folio is mapped in part: its mappings are fewer than
     * its pages, and yet it is not the parent's alone.
     */
    @ParameterizedTest
    @MethodSource("everyDesign")
    void folioThatIsPartlyMappedByTwoIsNobodysAlone(ForkScene scene) {
        MmStruct parent = scene.process(PAGES);
        scene.munmap(parent, 4, PAGES - 4);
        MmStruct child = scene.fork(parent);
        scene.write(parent, 0, 5);
        scene.write(parent, 1, 5);
        assertThat(scene.read(child, 0)).isEqualTo(1);
        assertThat(scene.read(child, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    // ---------------------------------------------------------------- what is counted

    @ParameterizedTest
    @MethodSource("accountingDesigns")
    void folioIsCountedForEachProcess(ForkScene scene) {
        MmStruct parent = scene.process(2 * PAGES);
        MmStruct child = scene.fork(parent);
        assertThat(folio(scene, parent, 0).mapcount()).isEqualTo(2 * PAGES);
        assertThat(scene.refcount(parent, 5)).isEqualTo(2 * PAGES);
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(2 * PAGES);
        scene.exit(child);
        assertThat(folio(scene, parent, 0).mapcount()).isEqualTo(PAGES);
        assertThat(folio(scene, parent, 0).isMaybeMappedShared()).isFalse();
        scene.write(parent, 2, 7);
        assertThat(scene.count(Counter.PAGE_COPY)).isZero();
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("accountingDesigns")
    void childThatIsLeftAloneReusesThePages(ForkScene scene) {
        MmStruct parent = scene.process(2 * PAGES);
        MmStruct child = scene.fork(parent);
        scene.exit(parent);
        assertThat(folio(scene, child, 0).isMaybeMappedShared()).isFalse();
        scene.write(child, 2, 7);
        assertThat(scene.count(Counter.PAGE_COPY)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void batchIsOneCountOfAFolioAndOffIsOneOfAPage() {
        assertThat(batches(ForkLab.classic("on"))).isEqualTo(3);
        assertThat(batches(ForkLab.relaxed())).isEqualTo(3);
        assertThat(batches(ForkLab.classic("off"))).isEqualTo(3 * PAGES);
    }

    private static long batches(Kernel kernel) {
        ForkScene scene = scene(kernel);
        scene.fork(scene.process(3 * PAGES));
        return scene.count(Counter.FORK_BATCH);
    }

    @Test
    void relaxedCountsAFolioWithAsManyOperationsAsClassic() {
        assertThat(atomicsOfFork(ForkLab.relaxed())).isEqualTo(atomicsOfFork(ForkLab.classic("on")))
                .isLessThan(atomicsOfFork(ForkLab.classic("off")));
    }

    private static long atomicsOfFork(Kernel kernel) {
        ForkScene scene = scene(kernel);
        scene.fork(scene.process(3 * PAGES));
        return scene.count(Counter.ATOMIC);
    }

    @ParameterizedTest
    @MethodSource("accountingDesigns")
    void forkThatFailsBehindAFolioCountsItForNobody(ForkScene scene) {
        MmStruct parent = scene.process(PAGES);
        scene.map(parent, PAGES, 4, VmFlags.READ | VmFlags.WRITE);
        long slot = scene.swapEntry(parent, PAGES + 1);
        long entry = SwpEntry.make(0, slot);
        for (int users = 1; users < SwapInfo.SWAP_MAP_MAX; users++) {
            scene.kernel.swap().swapDuplicate(scene.cpu, entry);
        }
        scene.drain();
        int tables = scene.toString().startsWith("classic") ? 4 : 3;
        for (int skip = 0; skip <= tables; skip++) {
            scene.kernel.failures().failAllAfter(skip);
            assertThat(scene.kernel.fork(scene.cpu, parent)).isNull();
            scene.kernel.failures().off();
        }
        for (int users = 1; users < SwapInfo.SWAP_MAP_MAX; users++) {
            scene.kernel.swap().swapFree(scene.cpu, entry);
        }
        assertThat(folio(scene, parent, 0).mapcount()).isEqualTo(PAGES);
        assertThat(folio(scene, parent, 0).isMaybeMappedShared()).isFalse();
        assertThat(scene.refcount(parent, 0)).isEqualTo(PAGES);
        scene.assertKernelIsConsistent();
        scene.munmap(parent, PAGES - 1, PAGES + 1);
        MmStruct child = scene.fork(parent);
        scene.munmap(child, 1, PAGES - 2);
        scene.write(parent, 0, 9);
        assertThat(scene.read(child, 0)).as("as many mappings as the child that never was would have had").isEqualTo(1);
        scene.assertKernelIsConsistent();
    }
}
