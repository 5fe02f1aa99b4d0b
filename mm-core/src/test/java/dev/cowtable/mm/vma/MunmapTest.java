package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What munmap() and exit leave behind. {@link MmLab#BASE} begins a 2 MiB block, so page 512 begins the next table. */
class MunmapTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // wwwwww -> ww..ww
    @Test
    void unmappedMiddleSplitsTheVma() {
        lab.map(0, 6, RW);
        lab.write(0, 1);
        lab.write(5, 5);
        assertThat(lab.munmap(2, 4)).isZero();
        assertThat(lab.picture(6)).isEqualTo("ww..ww");
        assertThat(lab.vma(4).anonVma()).isNotNull().isSameAs(lab.vma(0).anonVma());
        assertThat(lab.vma(4).pgoff()).isEqualTo(at(4) >>> 12);
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(lab.read(5)).isEqualTo(5);
        assertThat(lab.faultOfRead(lab.mm, 3)).isEqualTo(UserFault.SEGV_MAPERR);
    }

    // wwwwww -> ..ww..
    @Test
    void unmappedEdgesTrimTheVma() {
        lab.map(0, 6, RW);
        VmAreaStruct vma = lab.vma(0);
        lab.munmap(4, 6);
        assertThat(lab.vma(0)).isSameAs(vma);
        lab.munmap(0, 2);
        assertThat(lab.picture(6)).isEqualTo("..ww..");
    }

    // ww|rr..ww -> w........w
    @Test
    void unmappedRangeMaySpanManyVmasAndHoles() {
        lab.map(0, 2, RW);
        lab.map(2, 4, RO);
        lab.map(6, 8, RW);
        assertThat(lab.munmap(1, 7)).isZero();
        assertThat(lab.picture(8)).isEqualTo("w......w");
    }

    @Test
    void unmappingNothingSucceeds() {
        lab.map(4, 6, RW);
        assertThat(lab.munmap(0, 4)).isZero();
        assertThat(lab.picture(6)).isEqualTo("....ww");
    }

    @Test
    void rangeOutsideUserAddressesIsRefused() {
        assertThat(lab.munmap(4, 4)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.munmap(4, 2)).isEqualTo(Errno.EINVAL.code());
        assertThat(lab.kernel.memoryMap().munmap(lab.cpu, lab.mm, MemoryMap.TASK_SIZE, 4096))
                .isEqualTo(Errno.EINVAL.code());
    }

    @Test
    void lastPageTakesAllTablesWithIt() {
        long free = lab.kernel.pageAllocator().freePageCount();
        lab.map(0, 1024, RW);
        for (long page = 0; page < 1024; page += 100) {
            lab.write(page, 1);
        }
        assertThat(lab.mm.pgtablesBytes()).isEqualTo(4 * 4096);
        lab.munmap(0, 1024);
        assertThat(lab.mm.pgtablesBytes()).isZero();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
        lab.kernel.lru().lruAddDrain(lab.cpu);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free);
    }

    @Test
    void wholeBlockFreesItsTableAndLeavesTheNeighbours() {
        lab.map(0, 1536, RW);
        lab.write(0, 1);
        lab.write(600, 2);
        lab.write(1500, 3);
        lab.munmap(512, 1024);
        assertThat(lab.mm.tables(1)).isEqualTo(2);
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(lab.read(1500)).isEqualTo(3);
    }

    @Test
    void partOfABlockKeepsItsTable() {
        lab.map(0, 1024, RW);
        lab.write(0, 1);
        lab.write(600, 2);
        lab.munmap(513, 1024);
        assertThat(lab.mm.tables(1)).isEqualTo(2);
        assertThat(lab.pte(600)).isEqualTo(Pte.NONE);
        assertThat(lab.read(0)).isEqualTo(1);
    }

    @Test
    void tableStaysWhileAnotherVmaUsesItsBlock() {
        lab.map(0, 4, RW);
        lab.map(8, 12, RW);
        lab.write(0, 1);
        lab.write(8, 2);
        lab.munmap(0, 4);
        assertThat(lab.mm.tables(1)).isEqualTo(1);
        lab.munmap(8, 12);
        assertThat(lab.mm.tables(1)).isZero();
    }

    @Test
    void tableGoesWhenTheNextVmaIsInAnotherBlock() {
        lab.map(0, 4, RW);
        lab.map(600, 604, RW);
        lab.write(0, 1);
        lab.write(600, 2);
        lab.munmap(0, 4);
        assertThat(lab.mm.tables(1)).isEqualTo(1);
        assertThat(lab.read(600)).isEqualTo(2);
    }

    @Test
    void pageOfAChildOutlivesTheParentsMapping() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        long pfn = lab.pfn(0);
        MmStruct child = lab.fork(lab.mm);
        lab.munmap(0, 2);
        assertThat(lab.read(child, 0)).isEqualTo(7);
        lab.kernel.lru().lruAddDrain(lab.cpu);
        assertThat(lab.kernel.memMap().pageRefCount(pfn)).isEqualTo(1);
    }

    @Test
    void exitGivesEverythingBack() {
        long free = lab.kernel.pageAllocator().freePageCount();
        MmStruct other = lab.newMm();
        lab.map(other, 0, 600, RW);
        lab.write(other, 0, 1);
        lab.write(other, 599, 2);
        lab.kernel.exitMmap(lab.cpu, other);
        lab.kernel.lru().lruAddDrain(lab.cpu);
        assertThat(lab.kernel.mms()).containsExactly(lab.mm);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free);
    }
}
