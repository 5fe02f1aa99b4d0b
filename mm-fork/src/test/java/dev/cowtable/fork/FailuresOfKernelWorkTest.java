package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.fork.classic.ClassicForkProvider;
import dev.cowtable.fork.relaxed.RelaxedForkProvider;
import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.migrate.Compaction;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the kernel does of its own accord to pages of three processes that share tables, each of its allocations
 * failing once.
 *
 * <p>Pages 0 to 5 are written, 6 was read only, 7 was not touched; 512 to 515 are shared memory in a table of their
 * own.
 */
class FailuresOfKernelWorkTest {
    private static final int SHARED = 512;

    /** The processes of one run: a parent, its child, and that one's child. */
    private record Family(ForkScene scene, MmStruct parent, MmStruct child, MmStruct grandchild) {
        void assertContents() {
            for (MmStruct mm : new MmStruct[] {parent, child, grandchild}) {
                for (int page = 0; page < 6; page++) {
                    assertThat(scene.read(mm, page)).isEqualTo(page + 1);
                }
                assertThat(scene.read(mm, 7)).isZero();
                for (int page = SHARED; page < SHARED + 4; page++) {
                    assertThat(scene.read(mm, page)).isEqualTo(page & 0xff);
                }
            }
            scene.assertKernelIsConsistent();
        }

        void assertNothingLeaks(long freeAtBoot) {
            scene.exit(child);
            scene.exit(parent);
            scene.exit(grandchild);
            assertThat(scene.kernel.swap().slotsInUse()).isZero();
            assertThat(scene.freePages()).isEqualTo(freeAtBoot);
            scene.assertKernelIsConsistent();
        }
    }

    private record Maker(String name, ForkStrategyProvider fork, Map<String, String> options, SwapInfo.Kind kind) {
        ForkScene scene() {
            Machine machine =
                    Machine.builder().cpus(2).memoryBytes(1L << 30).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
            ForkScene scene = new ForkScene(new Kernel(machine, new Design(fork, options, new NoGupProvider())));
            scene.kernel.swap().swapon(scene.cpu, kind);
            return scene;
        }

        @Override
        public String toString() {
            return name + " " + kind;
        }
    }

    static Stream<Maker> makers() {
        return Stream.of(SwapInfo.Kind.FILE, SwapInfo.Kind.ZRAM).flatMap(kind -> Stream.of(
                new Maker("classic", new ClassicForkProvider(), Map.of(), kind),
                new Maker("relaxed", new RelaxedForkProvider(), Map.of("rmap", "break", "pmd", "protected"), kind),
                new Maker("inplace", new RelaxedForkProvider(), Map.of("rmap", "inplace", "pmd", "protected"), kind)));
    }

    private static Family family(ForkScene scene, boolean swapped) {
        MmStruct below = scene.process(32);
        MmStruct parent = scene.emptyProcess();
        scene.map(parent, 0, 8, ForkScene.READ_WRITE);
        assertThat(scene.kernel.memoryMap().mmapShared(scene.cpu, parent, ForkScene.vaddr(SHARED), 4 * 4096L,
                ForkScene.READ_WRITE, false)).isZero();
        for (int page = 0; page < 6; page++) {
            scene.write(parent, page, page + 1);
        }
        for (int page = SHARED; page < SHARED + 4; page++) {
            scene.write(parent, page, page & 0xff);
        }
        scene.read(parent, 6);
        if (swapped) {
            pageout(scene, parent, 0, 4);
            scene.read(parent, 1);
            pageout(scene, parent, 1, 1);
            pageout(scene, parent, SHARED, 4);
        }
        MmStruct child = scene.fork(parent);
        MmStruct grandchild = scene.fork(child);
        scene.exit(below);
        scene.drain();
        return new Family(scene, parent, child, grandchild);
    }

    private static void pageout(ForkScene scene, MmStruct mm, int first, int pages) {
        assertThat(scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(first), pages * 4096L,
                Advice.PAGEOUT)).isZero();
    }

    /**
     * Runs the work once for each of its allocations, whose number it returns.
     *
     * @param check looks at the result of work in which one failed
     */
    private static long failEach(Maker maker, boolean swapped, ToIntFunction<Family> work, Consumer<Integer> check) {
        ForkScene counting = maker.scene();
        Family sound = family(counting, swapped);
        long attempts = counting.kernel.failures().attempts();
        int soundResult = work.applyAsInt(sound);
        attempts = counting.kernel.failures().attempts() - attempts;
        sound.assertContents();
        for (int failed = 0; failed < attempts; failed++) {
            ForkScene scene = maker.scene();
            long freeAtBoot = scene.freePages();
            Family family = family(scene, swapped);
            scene.kernel.failures().failOnceAfter(failed);
            int result = work.applyAsInt(family);
            scene.kernel.failures().off();
            check.accept(result);
            scene.assertKernelIsConsistent();
            family.assertContents();
            if (result < 0) {
                assertThat(work.applyAsInt(family)).as("again").isEqualTo(soundResult);
                family.assertContents();
            }
            family.assertNothingLeaks(freeAtBoot);
        }
        return attempts;
    }

    @ParameterizedTest
    @MethodSource("makers")
    void swapoffFailsWithAnErrnoAndSucceedsTheNextTime(Maker maker) {
        long allocations = failEach(maker, true, family -> family.scene.kernel.swap().swapoff(family.scene.cpu, 0),
                result -> assertThat(result).isIn(0, Errno.ENOMEM.code()));
        assertThat(allocations).isPositive();
    }

    @ParameterizedTest
    @MethodSource("makers")
    void migrationLeavesThePageThatCannotMoveWhereItIs(Maker maker) {
        long allocations = failEach(maker, false, family -> {
            int moved = 0;
            for (int page : new int[] {0, 3, 5, SHARED, SHARED + 2}) {
                long pfn = family.scene.pfn(family.parent, page);
                moved += new MigratePages(family.scene.kernel).migrate(family.scene.cpu, pfn)
                        == MigratePages.Result.MOVED ? 1 : 0;
            }
            return moved;
        }, moved -> assertThat(moved).isBetween(4, 5));
        assertThat(allocations).as("a frame for each page at least").isGreaterThanOrEqualTo(5);
    }

    @ParameterizedTest
    @MethodSource("makers")
    void compactionPacksWhatItCan(Maker maker) {
        long allocations = failEach(maker, false,
                family -> new Compaction(family.scene.kernel).compactZone(family.scene.cpu),
                moved -> assertThat(moved).isNotNegative());
        assertThat(allocations).isPositive();
    }

    @ParameterizedTest
    @MethodSource("makers")
    void reclaimOfEverythingNeedsMemoryOnlyToBreakTables(Maker maker) {
        long allocations = failEach(maker, false, family -> {
            int freed = (int) family.scene.kernel.reclaim().shrinkNode(family.scene.cpu, 10);
            return freed + (int) family.scene.kernel.reclaim().shrinkNode(family.scene.cpu, 10);
        }, freed -> assertThat(freed).isNotNegative());
        assertThat(allocations > 0).isEqualTo(maker.name.equals("relaxed"));
    }
}
