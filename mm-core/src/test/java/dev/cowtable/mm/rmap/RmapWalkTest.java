package dev.cowtable.mm.rmap;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whom a walk from a page meets, and what makes a page count as pinned. */
class RmapWalkTest {
    private final MmLab lab = new MmLab();
    private final Rmap rmap = lab.kernel.rmap();
    private final MemMap memMap = lab.kernel.memMap();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private AnonVma anonVma(MmStruct mm) {
        return Objects.requireNonNull(lab.vma(mm, 0).anonVma());
    }

    private List<MmStruct> walk(long pfn) {
        List<MmStruct> met = new ArrayList<>();
        rmap.walkAnon(lab.cpu, pfn, (vma, vaddr) -> met.add(vma.mm()));
        return met;
    }

    private void mapAndWrite() {
        lab.map(0, 4, RW);
        lab.write(0, 1);
    }

    // ---------------------------------------------------------------- walks

    @Test
    void walkMeetsParentsBeforeChildren() {
        mapAndWrite();
        long pfn = lab.pfn(0);
        MmStruct child = lab.fork(lab.mm);
        MmStruct grandchild = lab.fork(child);
        assertThat(walk(pfn)).containsExactly(lab.mm, child, grandchild);
    }

    @Test
    void walkNamesTheAddress() {
        lab.map(0, 4, RW);
        lab.write(3, 1);
        List<Long> vaddrs = new ArrayList<>();
        rmap.walkAnon(lab.cpu, lab.pfn(3), (vma, vaddr) -> vaddrs.add(vaddr));
        assertThat(vaddrs).containsExactly(at(3));
    }

    @Test
    void pageOfAChildIsLookedForInItsDescendantsOnly() {
        mapAndWrite();
        MmStruct child = lab.fork(lab.mm);
        lab.write(child, 0, 2);
        MmStruct grandchild = lab.fork(child);
        assertThat(walk(lab.pfn(child, 0))).containsExactly(child, grandchild);
    }

    @Test
    void splitVmaIsMetOnlyByPagesOfItsRange() {
        lab.map(0, 4, RW);
        lab.write(0, 1);
        lab.write(3, 2);
        long pfn = lab.pfn(3);
        lab.munmap(1, 2);
        List<VmAreaStruct> met = new ArrayList<>();
        rmap.walkAnon(lab.cpu, pfn, (vma, vaddr) -> met.add(vma));
        assertThat(met).containsExactly(lab.vma(3));
    }

    @Test
    void zeroPageIsFoundNowhere() {
        lab.map(0, 4, RW);
        lab.read(0);
        assertThat(walk(lab.kernel.zeroPfn())).isEmpty();
    }

    @Test
    void pageLeftToAChildMovesToTheChildsAnonVma() {
        mapAndWrite();
        long pfn = lab.pfn(0);
        MmStruct child = lab.fork(lab.mm);
        lab.munmap(0, 4);
        lab.write(child, 0, 2);
        assertThat(lab.pfn(child, 0)).isEqualTo(pfn);
        assertThat(memMap.mapping(pfn)).isSameAs(anonVma(child));
    }

    // ---------------------------------------------------------------- pins

    @Test
    void onlyAnExclusivePageWithManyReferencesCountsAsPinned() {
        mapAndWrite();
        lab.drain();
        long pfn = lab.pfn(0);
        memMap.pageRefAdd(lab.cpu, pfn, MemMap.PIN_BIAS - 2);
        assertThat(rmap.isExclusiveAndMaybePinned(lab.cpu, pfn)).isFalse();
        memMap.pageRefAdd(lab.cpu, pfn, 1);
        assertThat(rmap.isExclusiveAndMaybePinned(lab.cpu, pfn)).isTrue();
        lab.kernel.putPages(lab.cpu, pfn, MemMap.PIN_BIAS - 1);
        memMap.pageRefAdd(lab.cpu, lab.kernel.zeroPfn(), MemMap.PIN_BIAS);
        assertThat(rmap.isExclusiveAndMaybePinned(lab.cpu, lab.kernel.zeroPfn())).isFalse();
    }

    @Test
    void manyReferencesAreNoPinWhereNothingWasEverPinned() {
        mapAndWrite();
        long pfn = lab.pfn(0);
        memMap.pageRefAdd(lab.cpu, pfn, MemMap.PIN_BIAS);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.pfn(child, 0)).isEqualTo(pfn);
        lab.kernel.putPages(lab.cpu, pfn, MemMap.PIN_BIAS);
    }

    @Test
    void pageOfTwoProcessesIsSharedAgainWhateverItsReferences() {
        mapAndWrite();
        long pfn = lab.pfn(0);
        lab.mm.setHasPinned(lab.cpu);
        lab.fork(lab.mm);
        memMap.pageRefAdd(lab.cpu, pfn, MemMap.PIN_BIAS);
        assertThat(lab.pfn(lab.fork(lab.mm), 0)).isEqualTo(pfn);
        lab.kernel.putPages(lab.cpu, pfn, MemMap.PIN_BIAS);
    }
}
