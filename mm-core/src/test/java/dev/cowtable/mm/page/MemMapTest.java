package dev.cowtable.mm.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.Test;

class MemMapTest {
    private static final long PFN = 40_000;

    private final Cpu cpu = Machine.builder().build().cpu(0);
    private final MemMap memMap = new MemMap(1 << 17);

    @Test
    void lastReferenceIsTheOneThatTellsItsDropperToFree() {
        assertThat(memMap.pageRefAdd(cpu, PFN, 2)).isEqualTo(2);
        assertThat(memMap.pageRefSubAndTest(cpu, PFN, 1)).isFalse();
        assertThat(memMap.pageRefSubAndTest(cpu, PFN, 1)).isTrue();
    }

    @Test
    void refcountBelowZeroIsRefused() {
        assertThatThrownBy(() -> memMap.pageRefSubAndTest(cpu, PFN, 1)).isInstanceOf(IllegalStateException.class)
                .hasMessage("refcount of frame 40000 fell to -1");
    }

    @Test
    void mapcountBelowZeroIsRefused() {
        assertThat(memMap.mapcountAdd(cpu, PFN, 1)).isEqualTo(1);
        assertThat(memMap.mapcountAdd(cpu, PFN, -1)).isZero();
        assertThatThrownBy(() -> memMap.mapcountAdd(cpu, PFN, -1)).isInstanceOf(IllegalStateException.class)
                .hasMessage("mapcount of frame 40000 fell to -1");
    }

    @Test
    void freePageGivesNoReferenceToOneWhoOnlyTries() {
        assertThat(memMap.pageRefAddUnlessZero(cpu, PFN, MemMap.PIN_BIAS)).isFalse();
        assertThat(memMap.pageRefCount(PFN)).isZero();
        memMap.setPageCount(PFN, 1);
        assertThat(memMap.pageRefAddUnlessZero(cpu, PFN, MemMap.PIN_BIAS)).isTrue();
        assertThat(memMap.pageRefCount(PFN)).isEqualTo(1 + MemMap.PIN_BIAS);
    }

    @Test
    void pinIsGuessedFromTheBiasSoManyPlainReferencesLookPinned() {
        memMap.setPageCount(PFN, MemMap.PIN_BIAS - 1);
        assertThat(memMap.folioMaybeDmaPinned(cpu, PFN)).isFalse();
        memMap.pageRefAdd(cpu, PFN, 1);
        assertThat(memMap.folioMaybeDmaPinned(cpu, PFN)).isTrue();
    }

    @Test
    void dupCountsOnceMoreTakesExclusivenessAndAnswersWithTheFlagsBefore() {
        memMap.setPageCount(PFN, 1);
        memMap.mapcountAdd(cpu, PFN, 1);
        memMap.initFlags(PFN, PageFlags.ANON | PageFlags.ANON_EXCLUSIVE | PageFlags.DIRTY);
        assertThat(memMap.dupMapping(cpu, PFN) & PageFlags.ANON_EXCLUSIVE).isNotZero();
        assertThat(memMap.dupMapping(cpu, PFN) & PageFlags.ANON_EXCLUSIVE).isZero();
        assertThat(memMap.pageRefCount(PFN)).isEqualTo(3);
        assertThat(memMap.mapcount(PFN)).isEqualTo(3);
        assertThat(memMap.flags(PFN)).isEqualTo(PageFlags.ANON | PageFlags.DIRTY);
    }

    @Test
    void flagIsSetAndClearedBesideTheOthers() {
        memMap.setFlag(cpu, PFN, PageFlags.ANON);
        memMap.setFlag(cpu, PFN, PageFlags.DIRTY);
        memMap.clearFlag(cpu, PFN, PageFlags.ANON);
        assertThat(memMap.testFlag(PFN, PageFlags.DIRTY)).isTrue();
        assertThat(memMap.testFlag(PFN, PageFlags.ANON)).isFalse();
    }

    @Test
    void folioLockIsTakenByOneUntilItIsUnlocked() {
        assertThat(memMap.folioTrylock(cpu, PFN)).isTrue();
        assertThat(memMap.folioTrylock(cpu, PFN)).isFalse();
        memMap.folioUnlock(cpu, PFN);
        assertThat(memMap.folioTrylock(cpu, PFN)).isTrue();
    }

    @Test
    void framesOfDifferentSectionsAreCountedApart() {
        memMap.pageRefAdd(cpu, PFN, 1);
        memMap.setIndex(PFN, 5);
        long sameSlot = PFN + (1 << 12);
        assertThat(memMap.pageRefCount(sameSlot)).isZero();
        assertThat(memMap.index(sameSlot)).isZero();
        assertThat(memMap.index(PFN)).isEqualTo(5);
    }

    @Test
    void sectionExistsOnceOneOfItsFramesIsUsed() {
        assertThat(memMap.hasSection(PFN)).isFalse();
        memMap.pageRefAdd(cpu, PFN, 1);
        assertThat(memMap.hasSection(PFN)).isTrue();
        assertThat(MemMap.nextSection(PFN)).isEqualTo(40_960);
        assertThat(memMap.hasSection(MemMap.nextSection(PFN))).isFalse();
        assertThat(memMap.hasSection(PFN - (1 << 12))).isFalse();
    }
}
