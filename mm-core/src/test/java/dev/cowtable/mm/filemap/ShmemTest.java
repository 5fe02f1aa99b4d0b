package dev.cowtable.mm.filemap;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Objects of shared memory: who maps them, who holds them, and what becomes of their pages. */
class ShmemTest {
    private final MmLab lab = new MmLab();
    private long freePages;

    @BeforeEach
    void mapSharedMemory() {
        freePages = lab.kernel.pageAllocator().freePageCount();
        map(0, 8);
    }

    private void map(long first, long end) {
        assertThat(lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(first), (end - first) * 4096, RW, false))
                .isZero();
    }

    @AfterEach
    void allIsFreedInTheEnd() {
        lab.assertConsistent();
        lab.kernel.mms().forEach(mm -> lab.kernel.exitMmap(lab.cpu, mm));
        lab.kernel.lru().lruAddDrainAll(lab.cpu);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(freePages + 1);
        assertThat(lab.kernel.swap().slotsInUse()).isZero();
    }

    private AddressSpace file(long page) {
        return Objects.requireNonNull(lab.vma(page).file());
    }

    // ---------------------------------------------------------------- who maps it

    @Test
    void mapperIsListedWhileItMaps() {
        AddressSpace file = file(0);
        assertThat(file.mappers()).containsExactly(lab.vma(0));
        MmStruct child = lab.fork(lab.mm);
        assertThat(file.mappers()).containsExactly(lab.vma(0), lab.vma(child, 0));
        lab.kernel.exitMmap(lab.cpu, child);
        assertThat(file.mappers()).containsExactly(lab.vma(0));
    }

    @Test
    void childsVmaComesRightAfterItsParents() {
        AddressSpace file = file(0);
        MmStruct first = lab.fork(lab.mm);
        MmStruct second = lab.fork(lab.mm);
        assertThat(file.mappers()).containsExactly(lab.vma(0), lab.vma(second, 0), lab.vma(first, 0));
    }

    @Test
    void partsOfASplitMappingAreAllListedUntilTheyJoin() {
        AddressSpace file = file(0);
        lab.mprotect(2, 4, RO);
        assertThat(file.mappers()).containsExactlyInAnyOrder(lab.vma(0), lab.vma(2), lab.vma(4));
        lab.mprotect(2, 4, RW);
        assertThat(file.mappers()).containsExactly(lab.vma(0));
        lab.munmap(3, 5);
        assertThat(file.mappers()).containsExactlyInAnyOrder(lab.vma(0), lab.vma(5));
    }

    @Test
    void walkMeetsTheVmasThatCoverThePage() {
        MmStruct child = lab.fork(lab.mm);
        lab.munmap(3, 5);
        List<String> met = new ArrayList<>();
        file(0).walkMappings(lab.cpu, 4, (vma, vaddr) -> met.add(vma.mm() + "+" + (vaddr - at(0)) / 4096));
        assertThat(met).containsExactly(child + "+4");
        file(0).walkMappings(lab.cpu, 5, (vma, vaddr) -> met.add(vma.mm() + "+" + (vaddr - at(0)) / 4096));
        assertThat(met).containsExactlyInAnyOrder(child + "+4", child + "+5", lab.mm + "+5");
    }

    @Test
    void walkEndsWhenTheVisitorSaysSo() {
        lab.fork(lab.mm);
        List<VmAreaStruct> met = new ArrayList<>();
        file(0).walkMappings(lab.cpu, 4, (vma, vaddr) -> {
            met.add(vma);
            return false;
        });
        assertThat(met).containsExactly(lab.vma(0));
    }

    @Test
    void adjacentObjectsStayTwoMappings() {
        map(8, 12);
        assertThat(lab.vma(0)).isNotSameAs(lab.vma(8));
        assertThat(file(0)).isNotSameAs(file(8));
    }

    // ---------------------------------------------------------------- who holds it

    @Test
    void pagesOutliveTheProcessThatWroteThem() {
        lab.write(0, 5);
        MmStruct child = lab.fork(lab.mm);
        lab.kernel.exitMmap(lab.cpu, lab.mm);
        assertThat(lab.read(child, 0)).isEqualTo(5);
    }

    @Test
    void lastUnmappingFreesThePages() {
        lab.write(0, 5);
        lab.write(7, 5);
        AddressSpace file = file(0);
        lab.munmap(0, 4);
        assertThat(file.nrPages()).isEqualTo(2);
        lab.munmap(4, 8);
        assertThat(file.nrPages()).isZero();
    }

    @Test
    void pinnedPageSurvivesItsFile() {
        lab.write(0, 5);
        long pfn = lab.pfn(0);
        lab.kernel.memMap().pageRefAdd(lab.cpu, pfn, 1);
        lab.munmap(0, 8);
        assertThat(lab.kernel.memMap().mapping(pfn)).isNull();
        lab.kernel.lru().lruAddDrainAll(lab.cpu);
        assertThat(lab.kernel.memMap().pageRefCount(pfn)).isEqualTo(1);
        lab.kernel.putPage(lab.cpu, pfn);
    }

    @Test
    void droppedEntriesComeBackFromTheCache() {
        lab.write(0, 5);
        long pfn = lab.pfn(0);
        assertThat(lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(0), 8 * 4096, Advice.DONTNEED)).isZero();
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
        lab.assertConsistent();
        assertThat(lab.read(0)).isEqualTo(5);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
    }

    // ---------------------------------------------------------------- pages

    @Test
    void folioIsHandedOutLockedAndReferenced() {
        long pfn = lab.kernel.shmem().getFolio(lab.cpu, file(0), 3);
        assertThat(lab.kernel.memMap().folioTrylock(lab.cpu, pfn)).isFalse();
        lab.kernel.shmem().release(lab.cpu, pfn);
        assertThat(lab.kernel.shmem().getFolio(lab.cpu, file(0), 3)).isEqualTo(pfn);
        lab.kernel.shmem().release(lab.cpu, pfn);
        assertThat(lab.kernel.shmem().getFolio(lab.cpu, file(0), 8)).isEqualTo(Errno.EINVAL.code());
    }

    @Test
    void shortageOfPagesLeavesTheObjectAsItWas() {
        lab.kernel.failures().failOnceAfter(0);
        assertThat(lab.kernel.shmem().getFolio(lab.cpu, file(0), 3)).isEqualTo(Errno.ENOMEM.code());
        assertThat(file(0).nrPages()).isZero();
    }

    @Test
    void cleanPageThatNobodyMapsCanBeDropped() {
        lab.read(0);
        lab.write(1, 5);
        long clean = lab.pfn(0);
        long dirty = lab.pfn(1);
        lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(0), 8 * 4096, Advice.DONTNEED);
        lab.kernel.lru().lruAddDrainAll(lab.cpu);
        assertThat(dropped(clean)).isTrue();
        assertThat(dropped(dirty)).isFalse();
        assertThat(file(0).nrPages()).isEqualTo(1);
        assertThat(lab.read(0)).isZero();
        assertThat(lab.read(1)).isEqualTo(5);
    }

    private boolean dropped(long pfn) {
        assertThat(lab.kernel.lru().folioIsolateLru(lab.cpu, pfn)).isTrue();
        lab.kernel.memMap().folioLock(lab.cpu, pfn);
        boolean dropped = lab.kernel.shmem().removeMapping(lab.cpu, pfn);
        lab.kernel.memMap().folioUnlock(lab.cpu, pfn);
        if (dropped) {
            lab.kernel.pageAllocator().freePage(lab.cpu, pfn);
        } else {
            lab.kernel.lru().folioPutbackLru(lab.cpu, pfn);
        }
        return dropped;
    }

    @Test
    void pageInTheCacheIsInCoreWhetherMappedOrNot() {
        lab.write(2, 5);
        lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(0), 8 * 4096, Advice.DONTNEED);
        assertThat(lab.kernel.shmem().isIncore(lab.cpu, file(0), 2)).isTrue();
        assertThat(lab.kernel.shmem().isIncore(lab.cpu, file(0), 3)).isFalse();
        assertThat(lab.kernel.shmem().isIncore(lab.cpu, new AddressSpace("lib", true), 2)).isFalse();
    }

    @Test
    void largeObjectKeepsPagesFarApart() {
        lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(1 << 20), 1L << 36, RW, true);
        long far = (1 << 20) + (1 << 24) - 1;
        lab.write(1 << 20, 1);
        lab.write(far, 2);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.read(child, far)).isEqualTo(2);
        assertThat(lab.read(child, 1 << 20)).isEqualTo(1);
        assertThat(file(1 << 20).nrPages()).isEqualTo(2);
        assertThat(lab.vma(1 << 20).has(VmFlags.NORESERVE)).isTrue();
    }
}
