package dev.cowtable.mm.filemap;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shared memory goes to swap and comes back: entries are none meanwhile, and the object knows the slot. */
class ShmemSwapTest {
    private final MmLab lab = new MmLab();
    private long freePages;

    @BeforeEach
    void mapSharedMemory() {
        freePages = lab.kernel.pageAllocator().freePageCount();
        assertThat(lab.kernel.memoryMap().mmapShared(lab.cpu, lab.mm, at(0), 8 * 4096, RW, false)).isZero();
    }

    @AfterEach
    void allIsFreedInTheEnd() {
        lab.assertConsistent();
        lab.kernel.mms().forEach(mm -> lab.kernel.exitMmap(lab.cpu, mm));
        lab.kernel.lru().lruAddDrainAll(lab.cpu);
        assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(freePages + 1);
        assertThat(lab.kernel.swap().slotsInUse()).isZero();
    }

    private AddressSpace file() {
        return Objects.requireNonNull(lab.vma(0).file());
    }

    private void pageout() {
        assertThat(lab.kernel.memoryMap().madvise(lab.cpu, lab.mm, at(0), 8 * 4096, Advice.PAGEOUT)).isZero();
    }

    private boolean incore(long page) {
        return lab.kernel.shmem().isIncore(lab.cpu, file(), page);
    }

    // ---------------------------------------------------------------- out and in

    @Test
    void asynchronousAreaKeepsThePageInTheSwapCache() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.FILE);
        lab.write(0, 5);
        long pfn = lab.pfn(0);
        pageout();
        assertThat(lab.pte(0)).isEqualTo(Pte.NONE);
        assertThat(file().nrPages()).isZero();
        assertThat(file().nrSwapped()).isEqualTo(1);
        assertThat(incore(0)).isTrue();
        lab.assertConsistent();
        assertThat(lab.read(0)).isEqualTo(5);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(lab.count(Counter.FAULT_MAJOR)).isZero();
        assertThat(lab.kernel.swap().slotsInUse()).isZero();
        assertThat(lab.kernel.memMap().flags(pfn) & (PageFlags.SWAPCACHE | PageFlags.DIRTY)).isEqualTo(PageFlags.DIRTY);
    }

    @Test
    void synchronousAreaFreesThePageAtOnce() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.ZRAM);
        lab.write(0, 5);
        pageout();
        assertThat(file().nrSwapped()).isEqualTo(1);
        assertThat(incore(0)).isFalse();
        assertThat(lab.read(0)).isEqualTo(5);
        assertThat(lab.count(Counter.FAULT_MAJOR)).isEqualTo(1);
        assertThat(lab.kernel.swap().slotsInUse()).isZero();
        assertThat(file().nrPages()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(SwapInfo.Kind.class)
    void bothProcessesSeeThePageThatOneBringsBack(SwapInfo.Kind kind) {
        lab.kernel.swap().swapon(lab.cpu, kind);
        lab.write(0, 5);
        pageout();
        MmStruct child = lab.fork(lab.mm);
        lab.write(child, 0, 6);
        assertThat(lab.read(0)).isEqualTo(6);
        assertThat(lab.pfn(0)).isEqualTo(lab.pfn(child, 0));
    }

    @Test
    void pageThatTwoProcessesMapStays() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.ZRAM);
        lab.write(0, 5);
        MmStruct child = lab.fork(lab.mm);
        lab.read(child, 0);
        pageout();
        assertThat(Pte.isPresent(lab.pte(0))).isTrue();
    }

    @Test
    void pageThatWasOnlyReadIsDroppedAndNotSwapped() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.FILE);
        lab.read(0);
        pageout();
        assertThat(file().nrPages()).isZero();
        assertThat(file().nrSwapped()).isZero();
        assertThat(lab.read(0)).isZero();
    }

    @Test
    void withoutAnAreaThePageStaysInTheCacheUnmapped() {
        lab.write(0, 5);
        long pfn = lab.pfn(0);
        pageout();
        assertThat(file().nrPages()).isEqualTo(1);
        assertThat(lab.read(0)).isEqualTo(5);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
    }

    // ---------------------------------------------------------------- the end of slots

    @ParameterizedTest
    @EnumSource(SwapInfo.Kind.class)
    void lastUnmappingFreesTheSlots(SwapInfo.Kind kind) {
        lab.kernel.swap().swapon(lab.cpu, kind);
        lab.write(0, 5);
        lab.write(3, 5);
        pageout();
        assertThat(lab.kernel.swap().slotsInUse()).isEqualTo(2);
        lab.munmap(0, 8);
        assertThat(lab.kernel.swap().slotsInUse()).isZero();
    }

    @ParameterizedTest
    @EnumSource(SwapInfo.Kind.class)
    void swapoffBringsThePagesBackIntoTheCache(SwapInfo.Kind kind) {
        int type = lab.kernel.swap().swapon(lab.cpu, kind);
        lab.write(0, 5);
        lab.write(3, 6);
        pageout();
        assertThat(lab.kernel.swap().swapoff(lab.cpu, type)).isZero();
        assertThat(file().nrPages()).isEqualTo(2);
        assertThat(lab.pte(3)).isEqualTo(Pte.NONE);
        assertThat(lab.read(3)).isEqualTo(6);
    }

    @Test
    void swapoffWithoutMemoryLeavesAllAsItWas() {
        int type = lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.ZRAM);
        lab.write(0, 5);
        pageout();
        lab.kernel.failures().failAllAfter(0);
        assertThat(lab.kernel.swap().swapoff(lab.cpu, type)).isEqualTo(Errno.ENOMEM.code());
        lab.kernel.failures().off();
        assertThat(file().nrSwapped()).isEqualTo(1);
        assertThat(lab.read(0)).isEqualTo(5);
    }

    @ParameterizedTest
    @EnumSource(SwapInfo.Kind.class)
    void shortageOfMemoryInAFaultLeavesTheSlot(SwapInfo.Kind kind) {
        lab.kernel.swap().swapon(lab.cpu, kind);
        lab.write(0, 5);
        pageout();
        pageout();
        boolean cached = incore(0);
        lab.kernel.failures().failAllAfter(0);
        assertThat(lab.faultOfRead(lab.mm, 0)).isEqualTo(cached ? null : UserFault.OOM);
        lab.kernel.failures().off();
        assertThat(lab.read(0)).isEqualTo(5);
    }

    // ---------------------------------------------------------------- observers

    @Test
    void swapUsageCountsTheSwappedPagesOfTheRange() {
        lab.kernel.swap().swapon(lab.cpu, SwapInfo.Kind.FILE);
        lab.write(0, 5);
        lab.write(6, 5);
        pageout();
        assertThat(lab.kernel.shmem().swapUsagePages(lab.vma(0))).isEqualTo(2);
        lab.munmap(3, 5);
        assertThat(lab.kernel.shmem().swapUsagePages(lab.vma(0))).isEqualTo(1);
        assertThat(lab.kernel.shmem().swapUsagePages(lab.vma(6))).isEqualTo(1);
        lab.read(6);
        assertThat(lab.kernel.shmem().swapUsagePages(lab.vma(6))).isZero();
    }
}
