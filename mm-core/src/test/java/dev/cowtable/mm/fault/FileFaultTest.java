package dev.cowtable.mm.fault;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Faults on pages of shared memory, mapped shared and mapped private. */
class FileFaultTest {
    private static final long SHARED = VmFlags.MAY_FLAGS | VmFlags.SHARED | VmFlags.MAYSHARE;

    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private void mapShared(long first, long end, long prot) {
        assertThat(lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(first), (end - first) * 4096, prot, false))
                .isZero();
    }

    /** Maps the object that {@code page} maps a second time, privately, from its beginning. */
    private void mapPrivate(long first, long end, AddressSpace file) {
        lab.mapFlags(first, end, RW | VmFlags.MAY_FLAGS, file, 0);
    }

    private AddressSpace file(long page) {
        return Objects.requireNonNull(lab.vma(page).file());
    }

    private long minor() {
        return lab.count(Counter.FAULT_MINOR);
    }

    // ---------------------------------------------------------------- writes to a shared mapping

    @Test
    void writtenPageIsDirtyWritableAndOfTheFile() {
        mapShared(0, 4, RW);
        lab.write(1, 5);
        long pfn = lab.pfn(1);
        assertThat(lab.pte(1) & (Entry.RW | Entry.D | Entry.A)).isEqualTo(Entry.RW | Entry.D | Entry.A);
        assertThat(lab.kernel.memMap().flags(pfn) & (PageFlags.SHMEM | PageFlags.SWAPBACKED | PageFlags.DIRTY))
                .isEqualTo(PageFlags.SHMEM | PageFlags.SWAPBACKED | PageFlags.DIRTY);
        assertThat(lab.kernel.memMap().mapping(pfn)).isSameAs(file(1));
        assertThat(lab.kernel.memMap().index(pfn)).isEqualTo(1);
        assertThat(lab.mm.rss(Rss.SHMEMPAGES)).isEqualTo(1);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(minor()).isEqualTo(1);
    }

    @Test
    void childSeesWhatTheParentWritesLater() {
        mapShared(0, 4, RW);
        lab.write(0, 5);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.pte(child, 0)).isEqualTo(Pte.NONE);
        lab.write(0, 6);
        assertThat(lab.read(child, 0)).isEqualTo(6);
        lab.write(child, 0, 7);
        assertThat(lab.read(0)).isEqualTo(7);
        assertThat(lab.pfn(child, 0)).isEqualTo(lab.pfn(0));
        assertThat(lab.count(Counter.PAGE_COPY)).isZero();
    }

    @Test
    void writeMapsNothingAround() {
        mapShared(0, 16, RW);
        lab.write(2, 5);
        MmStruct child = lab.fork(lab.mm);
        lab.write(child, 3, 6);
        assertThat(lab.pte(child, 2)).isEqualTo(Pte.NONE);
    }

    @Test
    void entryThatHasLostItsRightGetsItBackByAWrite() {
        mapShared(0, 2, RW);
        lab.write(0, 5);
        lab.cpu.memory().write(lab.ptePaddr(lab.mm, 0), Pte.wrprotect(lab.pte(0)) & ~Entry.D);
        lab.cpu.invlpg(at(0));
        long before = lab.pfn(0);
        lab.write(0, 6);
        assertThat(lab.pfn(0)).isEqualTo(before);
        assertThat(Pte.isWritable(lab.pte(0)) && Pte.isDirty(lab.pte(0))).isTrue();
        assertThat(lab.count(Counter.PAGE_REUSE)).isEqualTo(1);
    }

    // ---------------------------------------------------------------- reads and what they map around

    @Test
    void readOfAPageThatNobodyHasUsedIsZeroAndTakesAPage() {
        mapShared(0, 4, RW);
        assertThat(lab.read(0)).isZero();
        assertThat(Pte.isWritable(lab.pte(0))).isTrue();
        assertThat(file(0).nrPages()).isEqualTo(1);
        assertThat(lab.kernel.memMap().testFlag(lab.pfn(0), PageFlags.DIRTY)).isFalse();
    }

    @Test
    void cachedPagesOfTheWindowAreMappedByOneReadFault() {
        mapShared(0, 40, RW);
        for (long page = 0; page < 40; page++) {
            lab.write(page, 1);
        }
        MmStruct child = lab.fork(lab.mm);
        long before = minor();
        lab.read(child, 20);
        assertThat(mappedBy(child, 40)).isEqualTo("................################........");
        lab.read(child, 39);
        assertThat(mappedBy(child, 40)).isEqualTo("................########################");
        assertThat(minor() - before).isEqualTo(2);
        assertThat(child.rss(Rss.SHMEMPAGES)).isEqualTo(24);
    }

    @Test
    void windowThatBeginsWithTheVmaIsNotShorter() {
        mapShared(5, 40, RW);
        for (long page = 5; page < 40; page++) {
            lab.write(page, 1);
        }
        MmStruct child = lab.fork(lab.mm);
        lab.read(child, 7);
        assertThat(mappedBy(child, 40)).isEqualTo(".....################...................");
    }

    @Test
    void windowEndsWithItsTable() {
        mapShared(500, 530, RW);
        for (long page = 500; page < 530; page++) {
            lab.write(page, 1);
        }
        MmStruct child = lab.fork(lab.mm);
        lab.read(child, 505);
        assertThat(lab.pte(child, 511)).isNotEqualTo(Pte.NONE);
        assertThat(lab.pte(child, 512)).isEqualTo(Pte.NONE);
        assertThat(lab.pte(child, 500)).isNotEqualTo(Pte.NONE);
    }

    @Test
    void pagesThatNobodyHasUsedStayUnmappedAround() {
        mapShared(0, 16, RW);
        lab.write(1, 1);
        MmStruct child = lab.fork(lab.mm);
        lab.read(child, 3);
        assertThat(mappedBy(child, 6)).isEqualTo(".#.#..");
    }

    @Test
    void lockedPageIsPassedOver() {
        mapShared(0, 16, RW);
        lab.write(1, 1);
        lab.write(2, 1);
        MmStruct child = lab.fork(lab.mm);
        lab.kernel.memMap().folioLock(lab.cpu, lab.pfn(1));
        lab.read(child, 2);
        lab.kernel.memMap().folioUnlock(lab.cpu, lab.pfn(1));
        assertThat(mappedBy(child, 4)).isEqualTo("..#.");
    }

    private String mappedBy(MmStruct mm, int pages) {
        StringBuilder picture = new StringBuilder();
        for (int page = 0; page < pages; page++) {
            picture.append(lab.pte(mm, page) == Pte.NONE ? '.' : '#');
        }
        return picture.toString();
    }

    // ---------------------------------------------------------------- private mappings

    @Test
    void writeToAPrivateMappingCopiesThePageAndLeavesTheFileAlone() {
        mapShared(0, 4, RW);
        lab.write(1, 5);
        mapPrivate(8, 12, file(0));
        lab.write(9, 6);
        assertThat(lab.read(1)).isEqualTo(5);
        assertThat(lab.isExclusive(lab.pfn(9))).isTrue();
        assertThat(Pte.isWritable(lab.pte(9))).isTrue();
        assertThat(lab.count(Counter.PAGE_COPY)).isEqualTo(1);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(1);
    }

    @Test
    void readOfAPrivateMappingMapsTheFilesPageReadOnlyAndAWriteCopiesIt() {
        mapShared(0, 4, RW);
        lab.write(1, 5);
        mapPrivate(8, 12, file(0));
        assertThat(lab.read(9)).isEqualTo(5);
        assertThat(lab.pfn(9)).isEqualTo(lab.pfn(1));
        assertThat(Pte.isWritable(lab.pte(9))).isFalse();
        lab.write(9, 6);
        assertThat(lab.pfn(9)).isNotEqualTo(lab.pfn(1));
        assertThat(lab.mm.rss(Rss.SHMEMPAGES)).isEqualTo(1);
    }

    // ---------------------------------------------------------------- errors

    @Test
    void accessBeyondTheEndIsABusErrorThatMapsTheNeighbours() {
        mapShared(0, 4, RW);
        lab.write(3, 5);
        lab.mapFlags(8, 16, RO | SHARED, file(0), 0);
        assertThat(lab.faultOfRead(lab.mm, 12)).isEqualTo(UserFault.BUS_ADRERR);
        assertThat(lab.pfn(11)).isEqualTo(lab.pfn(3));
        assertThat(lab.pte(12)).isEqualTo(Pte.NONE);
    }

    @Test
    void busErrorMakesNoTable() {
        mapShared(0, 4, RW);
        lab.mapFlags(512, 520, RW | SHARED, file(0), 4);
        assertThat(lab.faultOfRead(lab.mm, 512)).isEqualTo(UserFault.BUS_ADRERR);
        assertThat(lab.faultOfWrite(lab.mm, 513, 1)).isEqualTo(UserFault.BUS_ADRERR);
        assertThat(lab.mm.tables(1)).isZero();
    }

    @Test
    void everyShortageIsReportedWithNothingLeftBehind() {
        mapShared(0, 4, RW);
        lab.write(0, 5);
        mapPrivate(512, 516, file(0));
        mapShared(1024, 1028, RW);
        for (int skip = 0; skip < 3; skip++) {
            lab.kernel.failures().failOnceAfter(skip);
            UserFault copy = lab.faultOfWrite(lab.mm, 512, 1);
            lab.kernel.failures().failOnceAfter(skip);
            UserFault shared = lab.faultOfWrite(lab.mm, 1024, 1);
            lab.kernel.failures().off();
            assertThat(copy).isEqualTo(skip < 2 ? UserFault.OOM : null);
            assertThat(shared).isEqualTo(skip < 2 ? UserFault.OOM : null);
            lab.assertConsistent();
        }
    }
}
