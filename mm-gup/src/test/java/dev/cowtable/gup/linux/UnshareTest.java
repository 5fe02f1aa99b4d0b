package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pin never names a page that the process shares with another: gup_must_unshare() and the fault that follows. */
class UnshareTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readOnlyPinOfASharedPageGetsAnExclusiveCopyThatStaysReadOnly(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);

        int had = fast ? scene.fast(child, 0, 1, GupScene.PIN) : scene.slow(child, 0, 1, GupScene.PIN);

        assertThat(had).isEqualTo(1);
        assertThat(scene.pfns[0]).isEqualTo(scene.pfn(child, 0)).isNotEqualTo(scene.pfn(parent, 0));
        assertThat(scene.isExclusive(scene.pfns[0])).isTrue();
        assertThat(Pte.isWritable(scene.pte(child, 0))).isFalse();
        assertThat(scene.byteOf(scene.pfns[0])).isEqualTo(1);
        assertThat(scene.count(Counter.PAGE_COPY)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pinSeesWhatItsProcessWritesLater(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);
        int had = fast ? scene.fast(child, 0, 1, GupScene.PIN) : scene.slow(child, 0, 1, GupScene.PIN);
        assertThat(had).isEqualTo(1);

        scene.write(parent, 0, 5);
        scene.write(child, 0, 6);

        assertThat(scene.byteOf(scene.pfns[0])).isEqualTo(6);
        assertThat(scene.pfn(child, 0)).isEqualTo(scene.pfns[0]);
        assertThat(scene.read(parent, 0)).isEqualTo(5);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void plainReferenceToASharedPageIsGivenAsItIs(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);

        int had = fast ? scene.fast(child, 0, 1, GupScene.GET) : scene.slow(child, 0, 1, GupScene.GET);

        assertThat(had).isEqualTo(1);
        assertThat(scene.pfns[0]).isEqualTo(scene.pfn(parent, 0)).isEqualTo(scene.pfn(child, 0));
        assertThat(scene.refcount(scene.pfns[0])).isEqualTo(3);
        scene.assertKernelIsConsistent();
    }

    @Test
    void readerOfAReferenceNeverSeesWhatTheOtherProcessWritesAfterwards() {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);
        assertThat(scene.fast(child, 0, 1, GupScene.GET)).isEqualTo(1);
        scene.kernel.exitMmap(scene.cpu, child);

        scene.write(parent, 0, 5); // one mapping is left, but two references: a copy

        assertThat(scene.byteOf(scene.pfns[0])).isEqualTo(1);
        assertThat(scene.pfn(parent, 0)).isNotEqualTo(scene.pfns[0]);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pinForWritingMakesTheSharedPageTheProcesssOwn(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        MmStruct child = scene.fork(parent);
        int flags = GupScene.PIN | GupScene.WRITE;

        assertThat(fast ? scene.fast(child, 0, 1, flags) : scene.slow(child, 0, 1, flags)).isEqualTo(1);

        assertThat(scene.pfns[0]).isNotEqualTo(scene.pfn(parent, 0));
        assertThat(Pte.isWritable(scene.pte(child, 0))).isTrue();
        scene.assertKernelIsConsistent();
    }

    @Test
    void pageThatIsTheLastProcesssAloneIsPinnedWithoutACopy() {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(1);
        scene.kernel.exitMmap(scene.cpu, scene.fork(parent));
        long pfn = scene.pfn(parent, 0);
        assertThat(scene.isExclusive(pfn)).isFalse();

        assertThat(scene.slow(parent, 0, 1, GupScene.PIN)).isEqualTo(1);

        assertThat(scene.pfns[0]).isEqualTo(pfn);
        assertThat(scene.isExclusive(pfn)).isTrue();
        assertThat(scene.count(Counter.PAGE_COPY)).isZero();
        scene.assertKernelIsConsistent();
    }

    @Test
    void exclusivePageBehindAReadOnlyEntryIsPinnedAsItIs() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.protect(mm, 0, 1, VmFlags.READ);
        long pfn = scene.pfn(mm, 0);

        assertThat(scene.fast(mm, 0, 1, GupScene.PIN)).isEqualTo(1);

        assertThat(scene.pfns[0]).isEqualTo(pfn);
        assertThat(scene.count(Counter.GUP_FAST)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void longtermPinNeverKeepsTheZeroPage(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.map(mm, 8, 1, GupScene.READ_WRITE);
        assertThat(scene.read(mm, 8)).isZero();
        assertThat(scene.pfn(mm, 8)).isEqualTo(scene.kernel.zeroPfn());
        int flags = GupScene.PIN | FollFlags.LONGTERM;

        assertThat(fast ? scene.fast(mm, 8, 1, flags) : scene.slow(mm, 8, 1, flags)).isEqualTo(1);
        scene.write(mm, 8, 4);

        assertThat(scene.pfns[0]).isNotEqualTo(scene.kernel.zeroPfn());
        assertThat(scene.byteOf(scene.pfns[0])).isEqualTo(4);
        scene.assertKernelIsConsistent();
    }

    @Test
    void pinnedPageIsNotSharedByTheNextFork() {
        GupScene scene = new GupScene();
        MmStruct parent = scene.process(2);
        scene.fast(parent, 0, 1, GupScene.PIN | GupScene.WRITE | FollFlags.LONGTERM);

        MmStruct child = scene.fork(parent);

        assertThat(scene.count(Counter.FORK_PAGE_COPY)).isEqualTo(1);
        assertThat(scene.pfn(child, 0)).isNotEqualTo(scene.pfns[0]);
        assertThat(scene.pfn(parent, 0)).isEqualTo(scene.pfns[0]);
        assertThat(scene.pfn(child, 1)).isEqualTo(scene.pfn(parent, 1));
        assertThat(Pte.isWritable(scene.pte(parent, 0))).isTrue();
        scene.assertKernelIsConsistent();
    }
}
