package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a look-up adds to a page's reference count, and what giving it back takes away. */
class ReferenceArithmeticTest {
    private static int lookUp(GupScene scene, boolean fast, MmStruct mm, int pages, int follFlags) {
        return fast ? scene.fast(mm, 0, pages, follFlags) : scene.slow(mm, 0, pages, follFlags);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void getAddsOneReference(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);

        assertThat(lookUp(scene, fast, mm, 1, GupScene.GET)).isEqualTo(1);

        long pfn = scene.pfn(mm, 0);
        assertThat(scene.pfns).containsExactly(pfn);
        assertThat(scene.refcount(pfn)).isEqualTo(2);
        assertThat(scene.kernel.memMap().folioMaybeDmaPinned(scene.cpu, pfn)).isFalse();
        assertThat(mm.hasPinned(scene.cpu)).isFalse();
        scene.assertKernelIsConsistent();
        scene.put(pfn);
        assertThat(scene.refcount(pfn)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pinAddsTheBiasAndMarksTheProcess(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);

        assertThat(lookUp(scene, fast, mm, 1, GupScene.PIN | GupScene.WRITE)).isEqualTo(1);

        long pfn = scene.pfn(mm, 0);
        assertThat(scene.refcount(pfn)).isEqualTo(1 + MemMap.PIN_BIAS);
        assertThat(scene.kernel.memMap().folioMaybeDmaPinned(scene.cpu, pfn)).isTrue();
        assertThat(mm.hasPinned(scene.cpu)).isTrue();
        scene.assertKernelIsConsistent();
        scene.unpin(pfn);
        assertThat(scene.refcount(pfn)).isEqualTo(1);
        assertThat(mm.hasPinned(scene.cpu)).isTrue(); // never taken back
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pinsAndReferencesOnOnePageAddUp(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        lookUp(scene, fast, mm, 1, GupScene.PIN);
        lookUp(scene, fast, mm, 1, GupScene.PIN | GupScene.WRITE);
        lookUp(scene, fast, mm, 1, GupScene.GET);

        long pfn = scene.pfn(mm, 0);
        assertThat(scene.refcount(pfn)).isEqualTo(2 + 2 * MemMap.PIN_BIAS);
        scene.unpin(pfn);
        scene.put(pfn);
        assertThat(scene.refcount(pfn)).isEqualTo(1 + MemMap.PIN_BIAS);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyPageOfARangeIsFoundInOrder(boolean fast) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(600); // two tables

        assertThat(lookUp(scene, fast, mm, 600, GupScene.GET)).isEqualTo(600);

        for (int page = 0; page < 600; page++) {
            assertThat(scene.pfns[page]).isEqualTo(scene.pfn(mm, page));
            assertThat(scene.refcount(scene.pfns[page])).isEqualTo(2);
        }
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @ValueSource(ints = {FollFlags.GET, FollFlags.PIN})
    void zeroPageIsNeverCounted(int follFlags) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.map(mm, 8, 1, VmFlags.READ);
        int before = scene.refcount(scene.kernel.zeroPfn());

        assertThat(scene.fast(mm, 8, 1, follFlags)).isEqualTo(1);

        assertThat(scene.pfns[0]).isEqualTo(scene.kernel.zeroPfn());
        assertThat(scene.refcount(scene.kernel.zeroPfn())).isEqualTo(before);
        if (follFlags == FollFlags.PIN) {
            scene.unpin(scene.pfns[0]);
        } else {
            scene.put(scene.pfns[0]);
        }
        assertThat(scene.refcount(scene.kernel.zeroPfn())).isEqualTo(before);
        scene.assertKernelIsConsistent();
    }

    @Test
    void pinnedPageOutlivesItsMappingAndIsFreedWithThePin() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.fast(mm, 0, 1, GupScene.PIN | GupScene.WRITE);
        long pfn = scene.pfns[0];
        scene.kernel.exitMmap(scene.cpu, mm);
        assertThat(scene.refcount(pfn)).isEqualTo(MemMap.PIN_BIAS);
        assertThat(scene.byteOf(pfn)).isEqualTo(1);
        long free = scene.kernel.pageAllocator().freePageCount();

        scene.unpin(pfn);

        assertThat(scene.refcount(pfn)).isZero();
        assertThat(scene.kernel.pageAllocator().freePageCount()).isEqualTo(free + 1);
        scene.assertKernelIsConsistent();
    }
}
