package dev.cowtable.mm.fault;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmFlags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a fault does where nothing is mapped, and under which lock; see {@link WriteProtectFaultTest} for the rest. */
class MemoryFaultTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- nothing there yet

    @Test
    void readMapsTheZeroPageUncounted() {
        lab.map(0, 4, RW);
        assertThat(lab.read(0)).isZero();
        assertThat(lab.pfn(0)).isEqualTo(lab.kernel.zeroPfn());
        assertThat(Pte.isSpecial(lab.pte(0))).isTrue();
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
        assertThat(memMap.mapcount(lab.kernel.zeroPfn())).isZero();
    }

    @Test
    void writeMapsANewPageOfItsOwn() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        long pfn = lab.pfn(0);
        assertThat(lab.isExclusive(pfn)).isTrue();
        assertThat(memMap.pageRefCount(pfn)).as("the entry's and the LRU batch's reference").isEqualTo(2);
        lab.drain();
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(1);
        assertThat(memMap.mapcount(pfn)).isEqualTo(1);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(Pte.isWritable(lab.pte(0)) && Pte.isDirty(lab.pte(0))).isTrue();
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(1);
    }

    @Test
    void writeReplacesTheZeroPage() {
        lab.map(0, 4, RW);
        lab.read(0);
        lab.write(0, 7);
        assertThat(lab.pfn(0)).isNotEqualTo(lab.kernel.zeroPfn());
        assertThat(Pte.isSpecial(lab.pte(0))).isFalse();
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(lab.count(Counter.PAGE_COPY)).isEqualTo(1);
    }

    @Test
    void sharedMappingWithoutAFileIsNoMemory() {
        lab.mapFlags(0, 1, RW | VmFlags.MAY_FLAGS | VmFlags.SHARED, null, 0);
        assertThat(lab.fault(0, 0)).isEqualTo(VmFault.SIGBUS);
    }

    @Test
    void forcedWriteToASharedReadOnlyMappingIsRefused() {
        lab.mapFlags(0, 1, RO | VmFlags.MAY_FLAGS | VmFlags.SHARED, null, 0);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE)).isEqualTo(VmFault.SIGSEGV);
    }

    // ---------------------------------------------------------------- under the VMA's lock

    @Test
    void vmaLockIsNotEnoughToMakeAnAnonVma() {
        lab.map(0, 4, RW);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE | VmFault.FLAG_VMA_LOCK)).isEqualTo(VmFault.RETRY);
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
        assertThat(lab.count(Counter.FAULT_MINOR)).isZero();
    }

    @Test
    void vmaLockIsNotEnoughToReplaceTheFirstZeroPage() {
        lab.map(0, 4, RW);
        lab.read(0);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE | VmFault.FLAG_VMA_LOCK)).isEqualTo(VmFault.RETRY);
        assertThat(lab.pfn(0)).isEqualTo(lab.kernel.zeroPfn());
    }

    @Test
    void vmaLockIsEnoughOnceThereIsAnAnonVma() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        assertThat(lab.fault(1, VmFault.FLAG_WRITE | VmFault.FLAG_VMA_LOCK)).isZero();
        assertThat(Pte.isWritable(lab.pte(1))).isTrue();
    }

    // ---------------------------------------------------------------- nothing wrong, nothing left

    @Test
    void faultOnAnEntryThatAllowsTheAccessIsCountedApart() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        long pte = lab.pte(0);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE)).isEqualTo(VmFault.SPURIOUS);
        assertThat(lab.fault(0, 0)).isEqualTo(VmFault.SPURIOUS);
        assertThat(lab.pte(0)).isEqualTo(pte);
        assertThat(lab.count(Counter.FAULT_SPURIOUS)).isEqualTo(2);
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(1);
    }

    @Test
    void everyAllocationOfAFirstWriteMayFail() {
        lab.map(0, 4, RW);
        for (int skip = 0;; skip++) {
            lab.kernel.failures().failOnceAfter(skip);
            int result = lab.fault(0, VmFault.FLAG_WRITE);
            lab.kernel.failures().off();
            if (result == 0) {
                assertThat(skip).isEqualTo(4); // three tables and the page
                return;
            }
            assertThat(result).isEqualTo(VmFault.OOM);
            assertThat(lab.mm.rss(Rss.ANONPAGES)).isZero();
            lab.assertConsistent();
            lab.munmap(0, 4);
            lab.map(0, 4, RW);
        }
    }

    @Test
    void failedCopyLeavesBothSidesAsTheyWere() {
        MmStruct child = lab.writeAndFork();
        long pfn = lab.pfn(0);
        lab.kernel.failures().failOnceAfter(0);
        assertThat(lab.fault(0, VmFault.FLAG_WRITE)).isEqualTo(VmFault.OOM);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(memMap.pageRefCount(pfn)).isEqualTo(2);
        assertThat(lab.read(child, 0)).isEqualTo(7);
        lab.write(0, 8);
        assertThat(lab.pfn(0)).isNotEqualTo(pfn);
    }
}
