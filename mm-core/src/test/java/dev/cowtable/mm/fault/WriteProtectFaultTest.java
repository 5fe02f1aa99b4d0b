package dev.cowtable.mm.fault;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.entry.Entry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a fault makes of an entry that is there and not writable: reuse, copy, unsharing. */
class WriteProtectFaultTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- copy on write

    @Test
    void pageWithOneReferenceIsReused() {
        MmStruct child = lab.writeAndFork();
        long pfn = lab.pfn(0);
        lab.kernel.exitMmap(lab.cpu, child);
        assertThat(lab.isExclusive(pfn)).isFalse();
        lab.write(0, 8);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(lab.isExclusive(pfn)).isTrue();
        assertThat(lab.count(Counter.PAGE_REUSE)).isEqualTo(1);
        assertThat(lab.count(Counter.PAGE_COPY)).isZero();
    }

    @Test
    void pageWithTwoReferencesIsCopiedAndTheOtherSideReusesIt() {
        MmStruct child = lab.writeAndFork();
        long pfn = lab.pfn(0);
        lab.write(0, 8);
        assertThat(lab.pfn(0)).isNotEqualTo(pfn);
        assertThat(lab.read(child, 0)).isEqualTo(7);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        lab.write(child, 0, 9);
        assertThat(lab.pfn(child, 0)).isEqualTo(pfn);
        assertThat(lab.read(0)).isEqualTo(8);
        assertThat(lab.count(Counter.PAGE_COPY)).isEqualTo(1);
        assertThat(lab.count(Counter.PAGE_REUSE)).isEqualTo(1);
    }

    @Test
    void referenceThatNoTableExplainsForcesACopy() {
        MmStruct child = lab.writeAndFork();
        long pfn = lab.pfn(0);
        lab.kernel.exitMmap(lab.cpu, child);
        memMap.pageRefAdd(lab.cpu, pfn, 1);
        assertThat(memMap.mapcount(pfn)).isEqualTo(1);
        lab.write(0, 8);
        assertThat(lab.pfn(0)).isNotEqualTo(pfn);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        lab.kernel.putPage(lab.cpu, pfn);
    }

    @Test
    void exclusivePageIsReusedWhateverItsReferences() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        long pfn = lab.pfn(0);
        lab.mprotect(0, 4, RO);
        memMap.pageRefAdd(lab.cpu, pfn, MemMap.PIN_BIAS);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE)).isZero();
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        lab.kernel.putPages(lab.cpu, pfn, MemMap.PIN_BIAS);
    }

    @Test
    void lockedPageIsCopied() {
        MmStruct child = lab.writeAndFork();
        long pfn = lab.pfn(0);
        lab.kernel.exitMmap(lab.cpu, child);
        memMap.folioTrylock(lab.cpu, pfn);
        lab.write(0, 8);
        assertThat(lab.pfn(0)).isNotEqualTo(pfn);
        memMap.folioUnlock(lab.cpu, pfn);
    }

    @Test
    void writeAgainstTheVmasRightsMakesThePageDirtyAndNotWritable() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.kernel.exitMmap(lab.cpu, lab.fork(lab.mm));
        lab.mprotect(0, 4, RO);
        long ptePaddr = lab.ptePaddr(lab.mm, 0);
        lab.cpu.memory().write(ptePaddr, lab.pte(0) & ~Entry.D);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE)).isZero();
        assertThat(Pte.isDirty(lab.pte(0))).isTrue();
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
    }

    // ---------------------------------------------------------------- unsharing

    @Test
    void unsharedLastReferenceStaysReadOnlyAndBecomesExclusive() {
        lab.kernel.exitMmap(lab.cpu, lab.writeAndFork());
        long before = lab.pte(0);
        assertThat(lab.fault(0, VmFault.FLAG_UNSHARE)).isZero();
        assertThat(lab.pte(0)).isEqualTo(before);
        assertThat(Pte.isWritable(before)).isFalse();
        assertThat(lab.isExclusive(lab.pfn(0))).isTrue();
    }

    @Test
    void unsharedPageOfTwoIsAReadOnlyExclusiveCopy() {
        MmStruct child = lab.writeAndFork();
        assertThat(lab.fault(0, VmFault.FLAG_UNSHARE)).isZero();
        assertThat(lab.pfn(0)).isNotEqualTo(lab.pfn(child, 0));
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
        assertThat(Pte.isDirty(lab.pte(0))).isFalse();
        assertThat(lab.isExclusive(lab.pfn(0))).isTrue();
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void unsharingNothingMapsTheZeroPageAndThenReplacesIt() {
        lab.map(0, 4, RW);
        assertThat(lab.fault(0, VmFault.FLAG_UNSHARE)).isZero();
        assertThat(lab.pfn(0)).isEqualTo(lab.kernel.zeroPfn());
        assertThat(lab.fault(0, VmFault.FLAG_UNSHARE)).isZero();
        assertThat(lab.isExclusive(lab.pfn(0))).isTrue();
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
    }

    @Test
    void unsharingAndWritingAtOnceIsRefused() {
        lab.map(0, 4, RW);
        assertThat(lab.fault(0, VmFault.FLAG_UNSHARE | VmFault.FLAG_WRITE)).isEqualTo(VmFault.SIGSEGV);
    }

    @Test
    void writeToAMappingThatMayNeverBeWrittenIsRefused() {
        lab.mapFlags(0, 1, RO | VmFlags.MAYREAD, null, at(0) >>> 12);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE)).isEqualTo(VmFault.SIGSEGV);
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
    }
}
