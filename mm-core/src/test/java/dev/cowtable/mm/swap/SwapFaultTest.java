package dev.cowtable.mm.swap;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.VmFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import org.junit.jupiter.api.Test;

/** Faults on swap entries; the frames and fault counts are those that Linux shows in the recorded scenarios. */
class SwapFaultTest {
    private SwapLab on(SwapInfo.Kind kind) {
        return new SwapLab(kind);
    }

    private static void consistent(SwapLab s) {
        s.lab.assertConsistent();
    }

    @Test
    void pageStillInTheSwapCacheComesBackByAMinorFault() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        long pfn = s.lab.pfn(0);
        s.pageout(s.lab.mm, 0, 4);
        assertThat(s.look(0)).isEqualTo("-E");
        long major = s.majorFaults();
        assertThat(s.lab.read(0)).isEqualTo(1);
        assertThat(s.majorFaults()).isEqualTo(major);
        assertThat(s.lab.pfn(0)).isEqualTo(pfn);
        assertThat(s.look(0)).isEqualTo("WEC");
        assertThat(s.lab.mm.rss(Rss.SWAPENTS)).isEqualTo(3);
        consistent(s);
    }

    @Test
    void evictedPageIsReadByAMajorFaultAndKeepsItsSlot() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 4);
        long major = s.majorFaults();
        assertThat(s.lab.read(0)).isEqualTo(1);
        assertThat(s.majorFaults()).isEqualTo(major + 1);
        assertThat(s.look(0)).isEqualTo("WEC");
        assertThat(s.swap.slotsInUse()).isEqualTo(4);
        long minor = s.minorFaults();
        s.lab.write(0, 9);
        assertThat(s.minorFaults()).isEqualTo(minor);
        consistent(s);
    }

    @Test
    void writeFreesTheSlot() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        s.lab.write(0, 9);
        assertThat(s.look(0)).isEqualTo("WE");
        assertThat(Pte.isDirty(s.lab.pte(0))).isTrue();
        assertThat(s.swap.slotsInUse()).isZero();
        consistent(s);
    }

    @Test
    void writeFindsAPageInTheSwapCacheThatIsOnlyItsOwn() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        long pfn = s.lab.pfn(0);
        s.pageout(s.lab.mm, 0, 1);
        s.lab.write(0, 9);
        assertThat(s.lab.pfn(0)).isEqualTo(pfn);
        assertThat(s.look(0)).isEqualTo("WE");
        consistent(s);
    }

    @Test
    void commonEntryBringsACommonFrameWhichAWriterCopiesWhileTheSlotHasAnotherUser() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        MmStruct child = s.lab.fork(s.lab.mm);
        assertThat(s.look(0)).isEqualTo("-");
        assertThat(s.lab.read(child, 0)).isEqualTo(1);
        assertThat(s.look(child, 0)).isEqualTo("C");
        long common = s.lab.pfn(child, 0);
        long major = s.majorFaults();
        s.lab.write(child, 0, 5);
        assertThat(s.lab.pfn(child, 0)).isNotEqualTo(common);
        assertThat(s.look(child, 0)).isEqualTo("WE");
        s.lab.write(0, 6);
        assertThat(s.majorFaults()).isEqualTo(major);
        assertThat(s.lab.pfn(0)).isEqualTo(common);
        assertThat(s.look(0)).isEqualTo("WE");
        assertThat(s.swap.slotsInUse()).isZero();
        consistent(s);
    }

    @Test
    void frameThatBothMapIsCopiedByOneAndTakenOverByTheOtherWithItsSlot() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        MmStruct child = s.lab.fork(s.lab.mm);
        s.lab.read(child, 0);
        s.lab.read(0);
        long common = s.lab.pfn(0);
        assertThat(s.lab.pfn(child, 0)).isEqualTo(common);
        s.lab.write(child, 0, 5);
        assertThat(s.look(0)).isEqualTo("C");
        s.lab.write(0, 6);
        assertThat(s.lab.pfn(0)).isEqualTo(common);
        assertThat(s.swap.slotsInUse()).isZero();
        consistent(s);
    }

    @Test
    void writeToACommonEntryOfTheDeviceCopiesAtOnce() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        MmStruct child = s.lab.fork(s.lab.mm);
        long major = s.majorFaults();
        s.lab.write(0, 6);
        assertThat(s.majorFaults()).isEqualTo(major + 1);
        assertThat(s.look(0)).isEqualTo("WE");
        assertThat(s.look(child, 0)).isEqualTo("-");
        assertThat(s.lab.read(child, 0)).isEqualTo(1);
        assertThat(s.majorFaults()).isEqualTo(major + 1);
        consistent(s);
    }

    @Test
    void synchronousAreaGivesItsOnlyUserTheSlotsPageExclusiveEvenForARead() {
        SwapLab s = on(SwapInfo.Kind.ZRAM);
        s.pageout(s.lab.mm, 0, 2);
        assertThat(s.swap.hasCache(s.lab.pte(0))).isFalse();
        assertThat(s.lab.read(0)).isEqualTo(1);
        assertThat(s.look(0)).isEqualTo("WE");
        assertThat(s.swap.slotsInUse()).isEqualTo(1);
        assertThat(s.majorFaults()).isEqualTo(1);
        consistent(s);
    }

    @Test
    void synchronousAreaUsesTheSwapCacheForASlotOfTwo() {
        SwapLab s = on(SwapInfo.Kind.ZRAM);
        s.pageout(s.lab.mm, 0, 1);
        MmStruct child = s.lab.fork(s.lab.mm);
        s.lab.read(0);
        assertThat(s.look(0)).isEqualTo("C");
        s.lab.read(child, 0);
        assertThat(s.lab.pfn(child, 0)).isEqualTo(s.lab.pfn(0));
        assertThat(s.majorFaults()).isEqualTo(1);
        consistent(s);
    }

    @Test
    void pageOfZerosIsReadBackByAMajorFaultWithoutInput() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.lab.write(0, 0);
        s.pageout(s.lab.mm, 0, 1);
        assertThat(s.swap.hasCache(s.lab.pte(0))).isFalse();
        assertThat(s.lab.read(0)).isZero();
        assertThat(s.majorFaults()).isEqualTo(1);
        assertThat(s.lab.count(Counter.SWAP_IN) + s.lab.count(Counter.SWAP_OUT)).isZero();
        consistent(s);
    }

    @Test
    void readOnlyMappingGetsItsPageBackExclusiveAndNotWritable() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        assertThat(s.lab.mprotect(0, 4, RO)).isZero();
        s.lab.read(0);
        assertThat(s.look(0)).isEqualTo("EC");
        assertThat(s.lab.mprotect(0, 4, RW)).isZero();
        assertThat(s.look(0)).isEqualTo("WEC");
        consistent(s);
    }

    @Test
    void uffdWriteProtectionSurvivesInTheEntry() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        s.cpu.memory().write(s.lab.ptePaddr(s.lab.mm, 0), s.lab.pte(0) | SwpEntry.UFFD_WP);
        s.lab.read(0);
        assertThat(s.lab.pte(0) & Pte.UFFD_WP).isNotZero();
    }

    @Test
    void missingMemoryLeavesTheEntryAndTheSlot() {
        for (SwapInfo.Kind kind : SwapInfo.Kind.values()) {
            SwapLab s = on(kind);
            s.evict(0, 1);
            long entry = s.lab.pte(0);
            s.lab.kernel.failures().failOnceAfter(0);
            assertThat(s.lab.fault(0, VmFault.FLAG_WRITE)).isEqualTo(VmFault.OOM);
            assertThat(s.lab.pte(0)).isEqualTo(entry);
            assertThat(s.swap.swapCount(entry)).isEqualTo(1);
            assertThat(s.swap.hasCache(entry)).isFalse();
            consistent(s);
            assertThat(s.lab.read(0)).isEqualTo(1);
        }
    }

    @Test
    void missingMemoryForTheCopyIsNoMajorFaultButLeavesThePageMapped() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        s.lab.fork(s.lab.mm);
        s.lab.kernel.failures().failOnceAfter(1);
        assertThat(s.lab.fault(0, VmFault.FLAG_WRITE)).isEqualTo(VmFault.OOM);
        assertThat(s.look(0)).isEqualTo("C");
        consistent(s);
    }

    @Test
    void exitOfTheLastUserFreesSlotAndCachedPage() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.pageout(s.lab.mm, 0, 2);
        s.lab.read(1);
        MmStruct child = s.lab.fork(s.lab.mm);
        s.lab.kernel.exitMmap(s.cpu, s.lab.mm);
        assertThat(s.lab.read(child, 0)).isEqualTo(1);
        s.lab.kernel.exitMmap(s.cpu, child);
        assertThat(s.swap.slotsInUse()).isZero();
        consistent(s);
    }

    @Test
    void unmappedEntryWhosePageIsCachedFreesBoth() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        long pfn = s.lab.pfn(0);
        s.pageout(s.lab.mm, 0, 1);
        s.lab.munmap(0, 1);
        s.lab.kernel.lru().lruAddDrain(s.cpu);
        assertThat(s.memMap.pageRefCount(pfn)).isZero();
        assertThat(s.swap.slotsInUse()).isZero();
        consistent(s);
    }

    @Test
    void otherReferenceOnTheCachedPageMakesTheWriterCopyAfterASharedEntry() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        s.evict(0, 1);
        MmStruct child = s.lab.fork(s.lab.mm);
        s.lab.kernel.exitMmap(s.cpu, child);
        s.lab.read(0);
        assertThat(s.look(0)).isEqualTo("C");
        long pfn = s.lab.pfn(0);
        s.memMap.pageRefAdd(s.cpu, pfn, 1);
        s.lab.write(0, 9);
        assertThat(s.lab.pfn(0)).isNotEqualTo(pfn);
        assertThat(s.memMap.pageRefCount(pfn)).isLessThanOrEqualTo(2);
        s.lab.kernel.putPage(s.cpu, pfn);
        consistent(s);
    }

    /** Pages 0 and 1 are on a list again when their write ends, as advising the second VMA has drained the batch. */
    private static void pageoutOverTwoVmas(SwapLab s) {
        assertThat(s.lab.mprotect(2, 4, RO)).isZero();
        assertThat(s.lab.kernel.memoryMap().madvise(s.cpu, s.lab.mm, MmLab.at(0), 4 * 4096, Advice.PAGEOUT)).isZero();
    }

    @Test
    void writeThatEndsOnAnotherCpuKeepsAPageOnAListInThatCpusBatchAndFromBeingEvicted() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        pageoutOverTwoVmas(s);
        for (int page = 0; page < 4; page++) {
            s.lab.read(page);
        }
        s.pageout(s.lab.mm, 0, 2);
        s.pageout(s.lab.mm, 2, 4);
        assertThat(s.swap.hasCache(s.lab.pte(0)) && s.swap.hasCache(s.lab.pte(1))).isTrue();
        assertThat(s.swap.hasCache(s.lab.pte(2)) || s.swap.hasCache(s.lab.pte(3))).isFalse();
        s.lab.kernel.lru().lruAddDrainAll(s.cpu);
        s.lab.read(0);
        s.pageout(s.lab.mm, 0, 1);
        assertThat(s.swap.hasCache(s.lab.pte(0))).isFalse();
        consistent(s);
    }

    @Test
    void referenceOfThatBatchMakesTheWriterOfACommonPageCopyIt() {
        SwapLab s = on(SwapInfo.Kind.FILE);
        long pfn = s.lab.pfn(0);
        long clean = s.lab.pfn(3);
        pageoutOverTwoVmas(s);
        assertThat(s.lab.mprotect(2, 4, RW)).isZero();
        s.lab.kernel.exitMmap(s.cpu, s.lab.fork(s.lab.mm));
        s.lab.write(0, 9);
        s.lab.write(3, 9);
        assertThat(s.lab.pfn(0)).isNotEqualTo(pfn);
        assertThat(s.lab.pfn(3)).isEqualTo(clean);
        consistent(s);
    }
}
