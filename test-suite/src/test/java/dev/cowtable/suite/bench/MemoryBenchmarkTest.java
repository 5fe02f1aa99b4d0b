package dev.cowtable.suite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each benchmark of the memory management does what its name says; no time is looked at. */
final class MemoryBenchmarkTest {
    /** The smallest object has so many bytes. */
    private static final double OBJECT_BYTES = 16;
    private static final int PASSES = 100;

    @Test
    void firstWritesGetAPageEach() {
        AnonymousFaultBenchmark benchmark = anonymous();
        Kernel kernel = benchmark.world.kernel;
        benchmark.write();
        assertThat(kernel.counters().sum(Counter.FAULT_MINOR)).isEqualTo(AnonymousFaultBenchmark.PAGES);
        assertThat(benchmark.world.parent.rss(Rss.ANONPAGES)).isEqualTo(AnonymousFaultBenchmark.PAGES);
    }

    @Test
    void firstReadsGetTheZeroPage() {
        AnonymousFaultBenchmark benchmark = anonymous();
        Kernel kernel = benchmark.world.kernel;
        assertThat(benchmark.readZeroPage()).isZero();
        assertThat(kernel.counters().sum(Counter.FAULT_MINOR)).isEqualTo(AnonymousFaultBenchmark.PAGES);
        assertThat(benchmark.world.parent.rss(Rss.ANONPAGES)).isZero();
        assertThat(benchmark.world.pfn(AnonymousFaultBenchmark.PAGES - 1)).isEqualTo(kernel.zeroPfn());
    }

    @ParameterizedTest
    @CsvSource({"classic, alone", "classic, shared", "relaxed, alone", "relaxed, shared"})
    void unmapLeavesNothingToTheParent(String design, String pages) {
        UnmapBenchmark benchmark = unmap(design, pages);
        Kernel kernel = benchmark.world.kernel;
        long free = kernel.pageAllocator().freePageCount();
        benchmark.touch();
        benchmark.unmap();
        assertThat(benchmark.world.parent.rss(Rss.ANONPAGES)).isZero();
        long taken = free - kernel.pageAllocator().freePageCount();
        assertThat(taken > UnmapBenchmark.PAGES).isEqualTo(pages.equals("shared"));
        benchmark.endChild();
    }

    @ParameterizedTest
    @ValueSource(strings = {"zram", "file"})
    void swapOutLeavesSwapEntriesAndWritesEveryPage(String area) {
        SwapBenchmark.Resident memory = new SwapBenchmark.Resident();
        start(memory, area);
        for (int pass = 1; pass <= 2; pass++) {
            memory.prepare();
            assertThat(memory.world.kernel.swap().slotsInUse()).isZero();
            new SwapBenchmark().swapOut(memory);
            assertThat(memory.world.parent.rss(Rss.SWAPENTS)).isEqualTo(SwapBenchmark.PAGES);
            assertThat(memory.world.kernel.counters().sum(Counter.SWAP_OUT))
                    .isEqualTo((long) pass * SwapBenchmark.PAGES);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zram", "file"})
    void swapInReadsEveryPageAndGivesItsSlotBack(String area) {
        SwapBenchmark.Evicted memory = new SwapBenchmark.Evicted();
        start(memory, area);
        for (int pass = 1; pass <= 2; pass++) {
            memory.prepare();
            new SwapBenchmark().swapIn(memory);
            assertThat(memory.world.kernel.counters().sum(Counter.FAULT_MAJOR))
                    .isEqualTo((long) pass * SwapBenchmark.PAGES);
            assertThat(memory.world.parent.rss(Rss.SWAPENTS)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"classic", "relaxed"})
    void everyPageAskedForHasAHundredAndOneMappings(String design) {
        RmapBenchmark benchmark = new RmapBenchmark();
        benchmark.design = design;
        benchmark.makeWorld();
        long pfn = benchmark.world.pfn(RmapBenchmark.PAGES - 1);
        assertThat(benchmark.world.kernel.memMap().mapcount(pfn)).isEqualTo(RmapBenchmark.CHILDREN + 1);
        assertThat(benchmark.referenced()).isGreaterThanOrEqualTo(RmapBenchmark.PAGES);
        assertThat(benchmark.referenced()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"classic, 0", "classic, 100", "relaxed, 0", "relaxed, 100"})
    void reclaimTakesHalfOfThePagesFromAllWhoMapThem(String design, int children) {
        ReclaimBenchmark benchmark = new ReclaimBenchmark();
        benchmark.design = design;
        benchmark.children = children;
        benchmark.makeWorld();
        for (int pass = 1; pass <= 2; pass++) {
            benchmark.share();
            assertThat(benchmark.reclaim()).isEqualTo(ReclaimBenchmark.RECLAIMED);
            assertThat(benchmark.world.parent.rss(Rss.SWAPENTS)).isEqualTo(ReclaimBenchmark.RECLAIMED);
            benchmark.endChildren();
        }
    }

    // ---------------------------------------------------------------- allocation

    @Test
    void firstTouchesAllocateNoObjectForAPage() {
        AnonymousFaultBenchmark benchmark = anonymous();
        benchmark.world = worldOfZeros("classic", AnonymousFaultBenchmark.PAGES);
        assertNoObject(AnonymousFaultBenchmark.PAGES, benchmark::map, benchmark::write, () -> {});
        assertNoObject(AnonymousFaultBenchmark.PAGES, benchmark::map, benchmark::readZeroPage, () -> {});
    }

    @ParameterizedTest
    @CsvSource({"classic, reuse", "classic, copy", "relaxed, reuse", "relaxed, copy"})
    void writesAfterAForkAllocateNoObjectForAPage(String design, String fault) {
        WriteFaultBenchmark benchmark = new WriteFaultBenchmark();
        benchmark.fault = fault;
        benchmark.world = worldOfZeros(design, WriteFaultBenchmark.PAGES);
        assertNoObject(WriteFaultBenchmark.PAGES, benchmark::protect, benchmark::writeFault, benchmark::endChild);
    }

    @ParameterizedTest
    @CsvSource({"classic, alone", "classic, shared", "relaxed, alone", "relaxed, shared"})
    void unmapAllocatesNoObjectForAPage(String design, String pages) {
        UnmapBenchmark benchmark = unmap(design, pages);
        benchmark.world = worldOfZeros(design, UnmapBenchmark.PAGES);
        assertNoObject(UnmapBenchmark.PAGES, benchmark::touch, benchmark::unmap, benchmark::endChild);
    }

    /** Why zeros: their frames need no array of the emulated memory, so that only what the kernel allocates is left. */
    private static BenchWorld worldOfZeros(String design, int pages) {
        return new BenchWorld(design, TlbPolicy.REALISTIC, pages, false);
    }

    /** The least of the later passes: the first are interpreted. */
    private static void assertNoObject(int pages, Runnable before, Runnable body, Runnable after) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < PASSES; i++) {
            before.run();
            long bytes = threads.getCurrentThreadAllocatedBytes();
            body.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - bytes);
            after.run();
        }
        assertThat((double) least / pages).isLessThan(OBJECT_BYTES);
    }

    private static AnonymousFaultBenchmark anonymous() {
        AnonymousFaultBenchmark benchmark = new AnonymousFaultBenchmark();
        benchmark.design = "classic";
        benchmark.makeWorld();
        return benchmark;
    }

    private static UnmapBenchmark unmap(String design, String pages) {
        UnmapBenchmark benchmark = new UnmapBenchmark();
        benchmark.design = design;
        benchmark.pages = pages;
        benchmark.makeWorld();
        return benchmark;
    }

    private static void start(SwapBenchmark.Memory memory, String area) {
        memory.design = "classic";
        memory.area = area;
        memory.makeWorld();
    }
}
