package dev.cowtable.suite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.lang.management.ManagementFactory;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Each benchmark of the paging unit does what its name says, and allocates nothing; no time is looked at. */
final class PagingBenchmarkTest {
    private static final int PASSES = 400;
    private static final int MEASURED_PASSES = 100;

    @Test
    void sceneHasEveryFeatureOnAndAKeyAndAPcid() {
        PagingScene scene = new PagingScene(TlbPolicy.REALISTIC, 2, 1, Paging.PAGE_BYTES);
        Cpu cpu = scene.machine.cpu(1);
        long all = Cr4.PCIDE | Cr4.PGE | Cr4.SMEP | Cr4.SMAP | Cr4.PKE | Cr4.PKS;
        assertThat(cpu.cr4() & all).isEqualTo(all);
        assertThat(cpu.cr3() & 0xfff).isEqualTo(PagingScene.PCID);
        assertThat(cpu.pkru()).isNotZero();
        cpu.wrpkru(3 << 2 * 3);
        long user = cpu.translate(scene.vaddrs[0], PagingScene.USER_READ);
        assertThat(Fault.errorCode(user) & Fault.PROTECTION_KEY).isNotZero();
        assertThat(Fault.isFault(cpu.translate(scene.vaddrs[0], Access.READ))).isTrue();
    }

    @Test
    void chainVisitsEveryPageOnceByLinearAndByPhysicalAddress() {
        PagingScene scene = new PagingScene(TlbPolicy.REALISTIC, 1, 64, Paging.PAGE_BYTES);
        scene.chain();
        Set<Long> vaddrs = new HashSet<>();
        Set<Long> paddrs = new HashSet<>();
        long[] out1 = {scene.vaddrs[0]};
        long paddr = scene.paddrs[0] + Long.BYTES;
        for (int i = 0; i < 64; i++) {
            assertThat(scene.cpu.readWord(out1[0], PagingScene.USER_READ, out1)).isZero();
            paddr = scene.machine.memory().read(paddr);
            assertThat(scene.cpu.translate(out1[0], PagingScene.USER_READ)).isEqualTo(paddr - Long.BYTES);
            vaddrs.add(out1[0]);
            paddrs.add(paddr);
        }
        assertThat(vaddrs).hasSize(64);
        assertThat(paddrs).hasSize(64);
    }

    @Test
    void hitsDoNotWalk() {
        TranslateBenchmark benchmark = translate();
        PagingScene scene = benchmark.hot;
        assertThat(benchmark.tlbHit()).isEqualTo(LongStream.of(scene.paddrs).sum());
        assertThat(benchmark.tlbHitAndLoad()).isEqualTo(LongStream.of(scene.vaddrs).sum());
        assertThat(benchmark.tlbHitAndLoadOf64Pages()).isEqualTo(LongStream.of(benchmark.few.vaddrs).sum());
        long walks = scene.cpu.counters().walks();
        benchmark.tlbHit();
        benchmark.tlbHitAndLoad();
        assertThat(scene.cpu.counters().walks()).isEqualTo(walks);
    }

    @Test
    void missesOfTheWideSceneAllBeginAtAStructureEntryOfThePde() {
        TranslateBenchmark benchmark = translate();
        Cpu cpu = benchmark.wide.cpu;
        assertThat(benchmark.missServedByPde()).isEqualTo(LongStream.of(benchmark.wide.paddrs).sum());
        long walks = cpu.counters().walks();
        long hits = cpu.counters().structureHits();
        Set<Long> before = pdes(cpu);
        benchmark.missServedByPde();
        assertThat(cpu.counters().walks() - walks).isEqualTo(TranslateBenchmark.MANY_PAGES);
        assertThat(cpu.counters().structureHits() - hits).isEqualTo(TranslateBenchmark.MANY_PAGES);
        assertThat(pdes(cpu)).isEqualTo(before).hasSize(TranslateBenchmark.MANY_PAGES / Paging.ENTRIES);
    }

    @Test
    void missesOfTheFarSceneFindNoPdeInTheCache() {
        TranslateBenchmark benchmark = translate();
        Cpu cpu = benchmark.far.cpu;
        assertThat(benchmark.missAndRefillAll()).isEqualTo(LongStream.of(benchmark.far.paddrs).sum());
        long walks = cpu.counters().walks();
        Set<Long> before = pdes(cpu);
        benchmark.missAndRefillAll();
        assertThat(cpu.counters().walks() - walks).isEqualTo(TranslateBenchmark.MANY_PAGES);
        assertThat(before).doesNotContain(benchmark.far.vaddrs[0] & -Paging.sizeBytes(2));
    }

    @Test
    void fullWalksFindNothingCached() {
        TranslateBenchmark benchmark = translate();
        Cpu cpu = benchmark.uncached.cpu;
        assertThat(benchmark.fullWalk()).isEqualTo(LongStream.of(benchmark.uncached.paddrs).sum());
        assertThat(cpu.counters().walks()).isEqualTo(TranslateBenchmark.PAGES);
        assertThat(cpu.counters().structureHits() + cpu.counters().tlbHits()).isZero();
    }

    @Test
    void everyInvalidationMakesTheNextTranslationWalkFromTheRoot() {
        InvalidationBenchmark benchmark = invalidation();
        assertWalks(benchmark, benchmark::invlpgAndTranslate);
        assertWalks(benchmark, benchmark::invpcidAddressAndTranslate);
        assertWalks(benchmark, benchmark::invpcidContextAndTranslate);
        assertWalks(benchmark, benchmark::movToCr3AndTranslate);
        benchmark.invlpgAndTranslate();
        long walks = benchmark.scene.cpu.counters().walks();
        benchmark.movToCr3KeepingAndTranslate();
        assertThat(benchmark.scene.cpu.counters().walks()).isEqualTo(walks);
    }

    @Test
    void shootdownMakesAllFiveCpusWalk() {
        ShootdownBenchmark benchmark = new ShootdownBenchmark();
        benchmark.touch();
        for (int pass = 1; pass <= 2; pass++) {
            long sum = benchmark.shootdownTo4AndTranslateOn5();
            assertThat(sum).isEqualTo(5 * LongStream.of(benchmark.scene.paddrs).sum());
            assertThat(benchmark.scene.machine.ipisSent()).isEqualTo(pass * 4L * ShootdownBenchmark.PAGES);
            assertThat(benchmark.scene.machine.cpu(4).counters().walks())
                    .isEqualTo((long) pass * ShootdownBenchmark.PAGES);
        }
    }

    @Test
    void bareArraysTranslateByWalkAsByTlb() {
        BarePagingBenchmark bare = new BarePagingBenchmark();
        bare.map();
        assertThat(bare.walk()).isEqualTo(bare.tlbHit()).isPositive();
    }

    @Test
    void hitsAllocateNothing() {
        TranslateBenchmark benchmark = translate();
        assertNoAllocation(benchmark::tlbHit);
        assertNoAllocation(benchmark::tlbHitAndLoad);
        assertNoAllocation(benchmark::tlbHitAndLoadOf64Pages);
    }

    @Test
    void missesAndWalksAllocateNothing() {
        TranslateBenchmark benchmark = translate();
        assertNoAllocation(benchmark::fullWalk);
        assertNoAllocation(benchmark::missServedByPde);
        assertNoAllocation(benchmark::missAndRefillAll);
    }

    @Test
    void invalidationsAllocateNothing() {
        InvalidationBenchmark benchmark = invalidation();
        assertNoAllocation(benchmark::invlpgAndTranslate);
        assertNoAllocation(benchmark::invpcidAddressAndTranslate);
        assertNoAllocation(benchmark::movToCr3AndTranslate);
    }

    private static TranslateBenchmark translate() {
        TranslateBenchmark benchmark = new TranslateBenchmark();
        benchmark.map();
        return benchmark;
    }

    private static InvalidationBenchmark invalidation() {
        InvalidationBenchmark benchmark = new InvalidationBenchmark();
        benchmark.touch();
        return benchmark;
    }

    private static Set<Long> pdes(Cpu cpu) {
        Set<Long> found = new HashSet<>();
        cpu.forEachPagingStructureEntry((pcid, level, vaddr, table, writable, user) -> {
            if (level == 2) {
                found.add(vaddr);
            }
        });
        return found;
    }

    private static void assertWalks(InvalidationBenchmark benchmark, LongSupplier body) {
        Cpu cpu = benchmark.scene.cpu;
        long sum = LongStream.of(benchmark.scene.paddrs).sum();
        assertThat(body.getAsLong()).isEqualTo(sum);
        long walks = cpu.counters().walks();
        long hits = cpu.counters().structureHits();
        assertThat(body.getAsLong()).isEqualTo(sum);
        assertThat(cpu.counters().walks() - walks).isEqualTo(InvalidationBenchmark.PAGES);
        assertThat(cpu.counters().structureHits()).isEqualTo(hits);
    }

    /** What one pass allocates, if any of its many operations does, is more than all measured passes may. */
    private static void assertNoAllocation(LongSupplier body) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (int i = 0; i < PASSES; i++) {
            sum += body.getAsLong();
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < MEASURED_PASSES; i++) {
            sum += body.getAsLong();
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(8 * 512);
        assertThat(sum).isNotZero();
    }
}
