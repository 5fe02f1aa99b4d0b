package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** References and pins on pages of a large folio. */
class LargeFolioPinTest {
    private static final int PAGES = 8;

    private final GupScene scene = new GupScene();

    private MmStruct process() {
        scene.kernel.setAnonFolioOrder(3);
        return scene.process(PAGES);
    }

    private LargeFolio folio(MmStruct mm) {
        return scene.kernel.memMap().largeFolio(scene.pfn(mm, 0));
    }

    private int lookUp(boolean fast, MmStruct mm, int page, int pages, int follFlags) {
        return fast ? scene.fast(mm, page, pages, follFlags) : scene.slow(mm, page, pages, follFlags);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pinOfATailIsOneReferenceAndOnePinOfTheFolio(boolean fast) {
        MmStruct mm = process();
        assertThat(lookUp(fast, mm, 5, 1, GupScene.PIN | GupScene.WRITE)).isEqualTo(1);
        assertThat(scene.pfns).containsExactly(scene.pfn(mm, 5));
        assertThat(folio(mm).pins()).isEqualTo(1);
        assertThat(scene.refcount(scene.pfn(mm, 0))).isEqualTo(PAGES + 1);
        scene.assertKernelIsConsistent();
        scene.unpin(scene.pfns[0]);
        assertThat(folio(mm).pins()).isZero();
        assertThat(scene.refcount(scene.pfn(mm, 0))).isEqualTo(PAGES);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void referenceIsNoPin(boolean fast) {
        MmStruct mm = process();
        assertThat(lookUp(fast, mm, 5, 2, GupScene.GET)).isEqualTo(2);
        assertThat(folio(mm).pins()).isZero();
        assertThat(scene.refcount(scene.pfn(mm, 0))).isEqualTo(PAGES + 2);
        scene.assertKernelIsConsistent();
        scene.put(scene.pfns[0]);
        scene.put(scene.pfns[1]);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pinnedFolioOutlivesItsMappings(boolean fast) {
        MmStruct mm = process();
        lookUp(fast, mm, 5, 1, GupScene.PIN | GupScene.WRITE);
        long pfn = scene.pfns[0];
        scene.kernel.exitMmap(scene.cpu, mm);
        assertThat(scene.byteOf(pfn)).isEqualTo(1);
        scene.assertKernelIsConsistent();
        long free = scene.kernel.pageAllocator().freePageCount();
        scene.unpin(pfn);
        assertThat(scene.kernel.pageAllocator().freePageCount()).isEqualTo(free + PAGES);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void parentKeepsThePinnedPageAcrossForkAndTheChildHasCopiesOfAll(boolean fast) {
        MmStruct parent = process();
        lookUp(fast, parent, 5, 1, GupScene.PIN | GupScene.WRITE);
        long pinned = scene.pfns[0];
        MmStruct child = scene.fork(parent);
        scene.write(parent, 5, 9);
        assertThat(scene.byteOf(pinned)).isEqualTo(9);
        assertThat(scene.read(child, 5)).isEqualTo(1);
        assertThat(scene.count(Counter.FORK_PAGE_COPY)).as("the folio does not know which page is pinned")
                .isEqualTo(PAGES);
        scene.assertKernelIsConsistent();
        scene.unpin(pinned);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readOnlyPinOfASharedPageUnsharesThatPageOnly(boolean fast) {
        MmStruct parent = process();
        MmStruct child = scene.fork(parent);
        long old = scene.pfn(child, 5);
        assertThat(lookUp(fast, child, 5, 1, GupScene.PIN)).isEqualTo(1);
        assertThat(scene.pfns[0]).isNotEqualTo(old);
        assertThat(scene.kernel.memMap().isLarge(scene.pfns[0])).isFalse();
        assertThat(scene.pfn(child, 4)).isEqualTo(old - 1);
        scene.assertKernelIsConsistent();
        scene.unpin(scene.pfns[0]);
    }
}
