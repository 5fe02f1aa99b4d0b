package dev.cowtable.mm.pgtable;

import static dev.cowtable.mm.MmLab.BASE;
import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import org.junit.jupiter.api.Test;

class HugePmdTest {
    private final MmLab lab = new MmLab();
    private final Kernel kernel = lab.kernel;
    private final MemMap memMap = kernel.memMap();

    HugePmdTest() {
        lab.map(0, 1024, RW);
        lab.mm.mmapLock().downRead(lab.cpu);
        kernel.rmap().anonVmaPrepare(lab.cpu, lab.vma(0));
        lab.mm.mmapLock().upRead(lab.cpu);
    }

    private boolean install() {
        return HugePmd.install(kernel, lab.cpu, lab.vma(0), BASE);
    }

    private long pmd(MmStruct mm) {
        return lab.cpu.memory().read(kernel.pageTables().pmdOffset(lab.cpu, mm, BASE));
    }

    @Test
    void installedPageIsOneExclusiveFolioThatCountsAs512() {
        assertThat(install()).isTrue();
        assertThat(PageTables.isLeaf(pmd(lab.mm))).isTrue();
        assertThat(Pte.isWritable(pmd(lab.mm))).isTrue();
        long pfn = Pte.pfn(pmd(lab.mm));
        assertThat(pfn & 511).isZero();
        assertThat(memMap.mapcount(pfn)).isEqualTo(1);
        assertThat(memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE)).isTrue();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(512);
        assertThat(lab.mm.tables(1)).isEqualTo(1);
        kernel.userAccess().writeByte(lab.cpu, lab.mm, BASE + 0x1f_ffff, 7);
        assertThat(kernel.userAccess().readByte(lab.cpu, lab.mm, BASE + 0x1f_ffff)).isEqualTo(7);
    }

    @Test
    void shortageInstallsNothing() {
        kernel.failures().failOnceAfter(2);
        assertThat(install()).isFalse();
        assertThat(pmd(lab.mm)).isZero();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
    }

    @Test
    void forkSharesThePageReadOnlyOnBothSides() {
        install();
        kernel.userAccess().writeByte(lab.cpu, lab.mm, BASE, 9);
        MmStruct child = lab.fork(lab.mm);
        long pfn = Pte.pfn(pmd(lab.mm));
        assertThat(Pte.pfn(pmd(child))).isEqualTo(pfn);
        assertThat((pmd(lab.mm) | pmd(child)) & Entry.RW).isZero();
        assertThat(memMap.mapcount(pfn)).isEqualTo(2);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(2);
        assertThat(memMap.testFlag(pfn, PageFlags.ANON_EXCLUSIVE)).isFalse();
        assertThat(child.rss(Rss.ANONPAGES)).isEqualTo(512);
        assertThat(kernel.userAccess().readByte(lab.cpu, child, BASE)).isEqualTo(9);
    }

    @Test
    void parentThatHasWrittenFaultsAtItsNextWriteAfterFork() {
        install();
        kernel.userAccess().writeByte(lab.cpu, lab.mm, BASE, 9);
        lab.fork(lab.mm);
        assertThat(Fault.isFault(lab.cpu.writeByte(BASE, Access.USER, 1))).isTrue();
    }

    @Test
    void unmappedPageIsFreedWholeWithTheLastAddressSpace() {
        long free = kernel.pageAllocator().freePageCount();
        install();
        MmStruct child = lab.fork(lab.mm);
        lab.munmap(0, 1024);
        assertThat(memMap.pageRefCount(Pte.pfn(pmd(child)))).isEqualTo(1);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(lab.mm.pgtablesBytes()).isZero();
        kernel.exitMmap(lab.cpu, child);
        assertThat(kernel.pageAllocator().freePageCount()).isEqualTo(free);
    }

    @Test
    void partOfAHugePageIsNotUnmapped() {
        install();
        MmuGather tlb = new MmuGather(kernel, lab.mm);
        long pmdPaddr = kernel.pageTables().pmdOffset(lab.cpu, lab.mm, BASE);
        assertThatThrownBy(() -> HugePmd.zap(kernel, lab.cpu, tlb, pmdPaddr, BASE, BASE + 4096))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(pmd(lab.mm)).isNotZero();
    }
}
