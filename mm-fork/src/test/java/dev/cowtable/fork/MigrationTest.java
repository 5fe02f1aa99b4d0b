package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.fork.relaxed.RelaxedForkProvider;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.migrate.Compaction;
import dev.cowtable.mm.migrate.MigratePages.Result;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pages that change frames while processes map them. */
class MigrationTest {
    private static MigratePages migrate(ForkScene scene) {
        return new MigratePages(scene.kernel);
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void movedPageKeepsItsContentAndStaysWritableAndExclusive(ForkScene scene) {
        MmStruct mm = scene.process(3);
        scene.write(mm, 1, 7);
        long old = scene.pfn(mm, 1);

        assertThat(migrate(scene).migrate(scene.cpu, old)).isEqualTo(Result.MOVED);

        assertThat(scene.pfn(mm, 1)).isNotEqualTo(old);
        assertThat(scene.isExclusive(mm, 1)).isTrue();
        assertThat(Pte.isWritable(scene.pte(mm, 1))).isTrue();
        assertThat(Pte.isDirty(scene.pte(mm, 1))).isTrue();
        assertThat(scene.read(mm, 1)).isEqualTo(7);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pageOfTwoProcessesMovesForBothAndStaysShared(ForkScene scene) {
        MmStruct parent = scene.process(3);
        MmStruct child = scene.fork(parent);
        long old = scene.pfn(parent, 1);

        assertThat(migrate(scene).migrate(scene.cpu, old)).isEqualTo(Result.MOVED);
        scene.drain();

        assertThat(scene.pfn(parent, 1)).isEqualTo(scene.pfn(child, 1)).isNotEqualTo(old);
        assertThat(scene.mapcount(parent, 1)).isEqualTo(2);
        assertThat(scene.isExclusive(parent, 1)).isFalse();
        scene.write(child, 1, 9);
        assertThat(scene.read(parent, 1)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pinnedPageStaysWhereItIsWithEntryAndExclusiveMark(ForkScene scene) {
        MmStruct mm = scene.process(2);
        scene.pin(mm, 0);
        long pfn = scene.pfn(mm, 0);
        long pte = scene.pte(mm, 0);

        assertThat(migrate(scene).migrate(scene.cpu, pfn)).isEqualTo(Result.BUSY);

        assertThat(scene.pte(mm, 0)).isEqualTo(pte);
        assertThat(scene.isExclusive(mm, 0)).isTrue();
        scene.assertKernelIsConsistent();
        scene.unpin();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void pageThatSomebodyElseHoldsGoesBackToItsMappers(ForkScene scene) {
        MmStruct parent = scene.process(2);
        MmStruct child = scene.fork(parent);
        long pfn = scene.pfn(parent, 0);
        scene.kernel.memMap().pageRefAdd(scene.cpu, pfn, 1);

        assertThat(migrate(scene).migrate(scene.cpu, pfn)).isEqualTo(Result.BUSY);

        assertThat(scene.pfn(parent, 0)).isEqualTo(pfn);
        assertThat(scene.pfn(child, 0)).isEqualTo(pfn);
        scene.kernel.putPage(scene.cpu, pfn);
        scene.assertKernelIsConsistent();
    }

    @Test
    void moveWithoutMemoryForTheBreakLeavesEveryEntryAsItWas() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(3);
        MmStruct child = scene.fork(parent);
        long pfn = scene.pfn(parent, 1);
        long pte = scene.pte(parent, 1);

        scene.kernel.failures().failAllAfter(1);
        Result result = migrate(scene).migrate(scene.cpu, pfn);
        scene.kernel.failures().off();

        assertThat(result).isEqualTo(Result.BUSY);
        assertThat(scene.pte(parent, 1)).isEqualTo(pte);
        assertThat(scene.pte(child, 1)).isEqualTo(pte);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void moveWithoutAFrameFails(ForkScene scene) {
        MmStruct mm = scene.process(1);
        long pfn = scene.pfn(mm, 0);

        scene.kernel.failures().failAllAfter(0);
        Result result = migrate(scene).migrate(scene.cpu, pfn);
        scene.kernel.failures().off();

        assertThat(result).isEqualTo(Result.NO_MEMORY);
        assertThat(scene.pfn(mm, 0)).isEqualTo(pfn);
        scene.assertKernelIsConsistent();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void compactionMovesPagesDownIntoFreeFrames(ForkScene scene) {
        MmStruct low = scene.process(64);
        MmStruct high = scene.process(64);
        scene.exit(low);
        long last = scene.pfn(high, 63);

        int moved = new Compaction(scene.kernel).compactZone(scene.cpu);
        scene.drain();

        assertThat(moved).isPositive();
        assertThat(scene.count(Counter.PAGE_MIGRATED)).isEqualTo(moved);
        assertThat(scene.pfn(high, 63)).isNotEqualTo(PageAllocator.NO_PAGE).isLessThan(last);
        for (int page = 0; page < 64; page++) {
            assertThat(scene.read(high, page)).isEqualTo(1);
        }
        scene.assertKernelIsConsistent();
    }

    @Test
    void designThatEditsInPlaceMovesAPageOfASharedTableWithoutMemoryForTables() {
        Machine machine = Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
        RelaxedForkProvider relaxed = new RelaxedForkProvider();
        Map<String, String> options = new HashMap<>();
        relaxed.options().forEach((key, values) -> options.put(key, values.getFirst()));
        options.put("rmap", "inplace");
        ForkScene scene = new ForkScene(new Kernel(machine, new Design(relaxed, options, new NoGupProvider())));
        MmStruct parent = scene.process(3);
        MmStruct child = scene.fork(parent);
        long old = scene.pfn(parent, 1);
        scene.drain();

        scene.kernel.failures().failAllAfter(1);
        assertThat(migrate(scene).migrate(scene.cpu, old)).isEqualTo(Result.MOVED);
        scene.kernel.failures().off();
        scene.drain();

        assertThat(scene.table(parent, 0)).isSameAs(scene.table(child, 0));
        assertThat(scene.pfn(child, 1)).isNotEqualTo(old);
        assertThat(scene.mapcount(child, 1)).isEqualTo(2);
        scene.assertKernelIsConsistent();
    }
}
