package dev.cowtable.mm.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the pages of a large folio count together. */
class LargeFolioTest {
    private static final long P = 1;
    private static final long C = 2;
    private static final long D = 3;

    private final MmLab lab = new MmLab();
    private final Cpu cpu = lab.cpu;
    private final MemMap memMap = lab.kernel.memMap();
    private long head;
    private LargeFolio folio;

    @BeforeEach
    void make() {
        head = lab.kernel.pageAllocator().allocFolio(cpu, 3);
        folio = memMap.largeFolio(head);
    }

    // ---------------------------------------------------------------- head and tails

    @Test
    void folioIsNaturallyAlignedAndEachPageNamesIt() {
        assertThat(head % 8).isZero();
        for (long pfn = head; pfn < head + 8; pfn++) {
            assertThat(memMap.isLarge(pfn)).isTrue();
            assertThat(memMap.folioHead(pfn)).isEqualTo(head);
            assertThat(memMap.folioOrder(pfn)).isEqualTo(3);
            assertThat(memMap.largeFolio(pfn)).isSameAs(folio);
        }
        assertThat(memMap.isLarge(head + 8)).isFalse();
        assertThat(memMap.folioHead(head + 8)).isEqualTo(head + 8);
    }

    @Test
    void referenceOnAnyPageIsTheFolios() {
        assertThat(memMap.pageRefAdd(cpu, head + 5, 2)).isEqualTo(3);
        assertThat(memMap.pageRefAddUnlessZero(cpu, head + 1, 1)).isTrue();
        assertThat(memMap.pageRefCount(head)).isEqualTo(4);
        assertThat(memMap.pageRefFreeze(cpu, head + 7, 4)).isTrue();
        assertThat(memMap.pageRefCount(head + 3)).isZero();
    }

    @Test
    void lockOfAnyPageIsTheFolios() {
        assertThat(memMap.folioTrylock(cpu, head + 5)).isTrue();
        assertThat(memMap.folioTrylock(cpu, head + 2)).isFalse();
        memMap.folioUnlock(cpu, head + 1);
        assertThat(memMap.folioTrylock(cpu, head)).isTrue();
    }

    @Test
    void lastReferenceFreesAllPages() {
        long free = lab.kernel.pageAllocator().freePageCount();
        memMap.pageRefAdd(cpu, head, 1);
        lab.kernel.putPage(cpu, head + 6);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free);
        lab.kernel.putPage(cpu, head + 2);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free + 8);
        assertThat(memMap.isLarge(head + 6)).isFalse();
    }

    @Test
    void freedPageBelongsToNoLargeFolio() {
        lab.kernel.putPage(cpu, head);
        long small = lab.kernel.pageAllocator().allocPage(cpu);
        assertThatThrownBy(() -> memMap.largeFolio(small)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("belongs to no large folio");
    }

    @Test
    void largeFolioIsMaybePinnedByItsPinsAndNotByItsReferences() {
        memMap.pageRefAdd(cpu, head, 2 * MemMap.PIN_BIAS);
        assertThat(memMap.folioMaybeDmaPinned(cpu, head + 4)).isFalse();
        folio.addPins(cpu, 1);
        assertThat(memMap.folioMaybeDmaPinned(cpu, head + 4)).isTrue();
        folio.addPins(cpu, -1);
        assertThatThrownBy(() -> folio.addPins(cpu, -1)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("fell to -1");
    }

    // ---------------------------------------------------------------- whose mappings

    @Test
    void folioOfOneAddressSpaceIsNotShared() {
        folio.addMappings(cpu, P, 8);
        folio.removeMappings(cpu, P, 3);
        assertThat(folio.mapcount()).isEqualTo(5);
        assertThat(folio.isMaybeMappedShared()).isFalse();
    }

    @Test
    void secondAddressSpaceSharesItUntilOneHasAllMappings() {
        folio.addMappings(cpu, P, 8);
        folio.addMappings(cpu, C, 8);
        assertThat(folio.isMaybeMappedShared()).isTrue();
        folio.removeMappings(cpu, P, 7);
        assertThat(folio.isMaybeMappedShared()).isTrue();
        folio.removeMappings(cpu, P, 1);
        assertThat(folio.isMaybeMappedShared()).isFalse();
    }

    /** Linux forgets the third too: its folio counts as shared although nobody else has it. */
    @Test
    void thirdAddressSpaceIsNotRemembered() {
        folio.addMappings(cpu, P, 8);
        folio.addMappings(cpu, C, 8);
        folio.addMappings(cpu, D, 8);
        folio.removeMappings(cpu, P, 8);
        folio.removeMappings(cpu, C, 8);
        assertThat(folio.mapcount()).isEqualTo(8);
        assertThat(folio.isMaybeMappedShared()).isTrue();
        folio.removeMappings(cpu, D, 8);
        assertThat(folio.isMaybeMappedShared()).isFalse();
    }

    @Test
    void newcomerTakesThePlaceOfOneThatHasLeftAndSharesWithTheForgotten() {
        folio.addMappings(cpu, P, 8);
        folio.addMappings(cpu, C, 8);
        folio.addMappings(cpu, D, 8);
        folio.removeMappings(cpu, P, 8);
        folio.removeMappings(cpu, C, 8);
        folio.addMappings(cpu, P, 8);
        assertThat(folio.isMaybeMappedShared()).isTrue();
        folio.removeMappings(cpu, D, 8);
        assertThat(folio.isMaybeMappedShared()).isFalse();
    }

    @Test
    void mappingsOfNobodyKnownShareIt() {
        folio.addMappings(cpu, P, 4);
        folio.addMappings(cpu, LargeFolio.NOBODY, 4);
        assertThat(folio.isMaybeMappedShared()).isTrue();
        folio.removeMappings(cpu, LargeFolio.NOBODY, 4);
        assertThat(folio.isMaybeMappedShared()).isFalse();
    }

    @Test
    void moreMappingsThanThereAreCannotGo() {
        folio.addMappings(cpu, P, 2);
        assertThatThrownBy(() -> folio.removeMappings(cpu, P, 3)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("fell to -1");
    }

    @Test
    void folioIsMappedByOneAloneIfEveryReferenceIsAMappingOfIts() {
        memMap.pageRefAdd(cpu, head, 7);
        folio.addMappings(cpu, P, 8);
        assertThat(folio.isMappedByOneAlone(cpu, memMap)).isTrue();
        memMap.pageRefAdd(cpu, head, 1);
        assertThat(folio.isMappedByOneAlone(cpu, memMap)).isFalse();
        folio.addMappings(cpu, C, 1);
        assertThat(folio.isMappedByOneAlone(cpu, memMap)).isFalse();
    }

    @Test
    void folioWithOneMappedPageLeftIsGivenUp() {
        folio.addMappings(cpu, P, 1);
        assertThat(folio.isMappedByOneAlone(cpu, memMap)).isFalse();
    }

    @Test
    void referencesOfOneWordComeBackAsTheyWere() {
        long refs = PageRefs.make(0xf_ffff_ffffL, 512);
        assertThat(PageRefs.pfn(refs)).isEqualTo(0xf_ffff_ffffL);
        assertThat(PageRefs.count(refs)).isEqualTo(512);
        assertThat(PageRefs.count(PageRefs.make(0, 1))).isEqualTo(1);
    }
}
