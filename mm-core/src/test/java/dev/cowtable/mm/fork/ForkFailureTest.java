package dev.cowtable.mm.fork;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.check.InvariantChecker;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.OpaquePages;
import dev.cowtable.mm.vma.Rss;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A fork that finds no memory leaves nothing behind and its parent as it was. */
class ForkFailureTest {
    private final MmLab lab = new MmLab();
    private final MemMap memMap = lab.kernel.memMap();

    private @Nullable MmStruct forkFailingAfter(long skip) {
        lab.kernel.failures().failOnceAfter(skip);
        MmStruct child = lab.kernel.fork(lab.cpu, lab.mm);
        lab.kernel.failures().off();
        return child;
    }

    /** Fails each allocation of a fork in turn, checks what is left each time, and answers how many there were. */
    private int failEachAllocation(Runnable parentIsIntact) {
        lab.drain();
        long free = lab.kernel.pageAllocator().freePageCount();
        long tables = lab.kernel.pageTables().physicalTables();
        int skip = 0;
        while (forkFailingAfter(skip) == null) {
            assertThat(lab.kernel.mms()).as("address spaces after failure %s", skip).containsExactly(lab.mm);
            assertThat(lab.kernel.pageTables().physicalTables()).isEqualTo(tables);
            lab.drain();
            assertThat(lab.kernel.pageAllocator().freePageCount()).isEqualTo(free);
            parentIsIntact.run();
            skip++;
        }
        return skip;
    }

    @Test
    void anyTableMayBeMissing() {
        lab.map(0, 1024, RW);
        lab.write(0, 7);
        lab.write(600, 8);
        int allocations = failEachAllocation(() -> {
            assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(2);
            assertThat(memMap.pageRefCount(lab.pfn(0))).isEqualTo(1);
            assertThat(lab.read(0) * 10 + lab.read(600)).isEqualTo(78);
            lab.assertConsistent();
        });
        assertThat(allocations).isEqualTo(5); // one each of the three levels above, two of the lowest
        lab.assertConsistent();
    }

    @Test
    void parentWritesOnWithoutACopyAfterAFailure() {
        lab.map(0, 1024, RW);
        lab.write(0, 7);
        lab.write(600, 8);
        long pfn = lab.pfn(0);
        assertThat(forkFailingAfter(4)).isNull();
        lab.write(0, 9);
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        lab.assertConsistent();
    }

    @Test
    void anyEarlyCopyOfAPinnedPageMayBeMissing() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.write(1, 8);
        lab.mm.setHasPinned(lab.cpu);
        long first = lab.pfn(0);
        long second = lab.pfn(1);
        memMap.pageRefAdd(lab.cpu, first, MemMap.PIN_BIAS);
        memMap.pageRefAdd(lab.cpu, second, MemMap.PIN_BIAS);
        int allocations = failEachAllocation(() -> {
            assertThat(lab.pfn(0)).isEqualTo(first);
            assertThat(new InvariantChecker(lab.kernel)
                    .check(pfn -> pfn == first || pfn == second ? MemMap.PIN_BIAS : 0)).isEmpty();
        });
        assertThat(allocations).isEqualTo(6);
        lab.kernel.putPages(lab.cpu, first, MemMap.PIN_BIAS);
        lab.kernel.putPages(lab.cpu, second, MemMap.PIN_BIAS);
        lab.assertConsistent();
    }

    @Test
    void continuationOfASwapCountMayBeMissing() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        new OpaquePages(lab.kernel).installSwapEntry(lab.cpu, lab.vma(0), at(1));
        long entry = lab.pte(1);
        for (int count = 1; count < SwapInfo.SWAP_MAP_MAX; count++) {
            lab.kernel.swap().swapDuplicate(lab.cpu, entry);
        }
        int allocations = failEachAllocation(
                () -> assertThat(lab.kernel.swap().swapCount(entry)).isEqualTo(SwapInfo.SWAP_MAP_MAX));
        assertThat(allocations).isEqualTo(5); // four tables and the continuation
        assertThat(lab.kernel.swap().swapCount(entry)).isEqualTo(SwapInfo.SWAP_MAP_MAX + 1);
    }

    @Test
    void vmasWithoutPagesNeedOnlyTheTopTable() {
        lab.map(0, 4, RW);
        assertThat(failEachAllocation(lab::assertConsistent)).isEqualTo(1);
    }
}
