package dev.cowtable.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.memfail.MemoryFailure;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.numa.NumaHints;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MemoryMap;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Someone who mirrors the entries of a process never holds more than they allow, whatever is done to them. */
class MirrorTest {
    private static final int PAGES = 8;

    /** A second-level table as a virtual machine keeps one: filled by looks, emptied by notifications. */
    private static final class Mirror implements MmuNotifier {
        private final ForkScene scene;
        private final MmStruct mm;
        private final Map<Long, Long> entries = new TreeMap<>();
        private int open;
        private int secondary;
        private boolean released;

        Mirror(ForkScene scene, MmStruct mm) {
            this.scene = scene;
            this.mm = mm;
            mm.notifiers().register(scene.cpu, this);
        }

        /** Looks every page up anew and keeps frame and right. */
        void fill() {
            for (int page = 0; page < PAGES; page++) {
                long pte = entry(page);
                if (Entry.isPresent(pte)) {
                    entries.put(ForkScene.vaddr(page), pte);
                }
            }
        }

        private long entry(int page) {
            return scene.hasTable(mm, page) ? scene.pte(mm, page) : Pte.NONE;
        }

        @Override
        public void invalidateRangeStart(Cpu cpu, MmStruct of, long start, long end, Event event) {
            open++;
            entries.keySet().removeIf(vaddr -> vaddr >= start && vaddr < end);
        }

        @Override
        public void invalidateRangeEnd(Cpu cpu, MmStruct of, long start, long end, Event event) {
            open--;
        }

        @Override
        public void invalidateSecondaryTlbs(Cpu cpu, MmStruct of, long start, long end) {
            secondary++;
        }

        @Override
        public void release(Cpu cpu, MmStruct of) {
            released = true;
            entries.clear();
        }

        void assertNoStrongerThanTheTables() {
            assertThat(open).isZero();
            entries.forEach((vaddr, kept) -> {
                long pte = entry((int) ((vaddr - ForkScene.vaddr(0)) / 4096));
                assertThat(Entry.isPresent(pte)).as("entry at 0x%x", vaddr).isTrue();
                assertThat(Pte.pfn(pte)).as("frame at 0x%x", vaddr).isEqualTo(Pte.pfn(kept));
                assertThat(!Pte.isWritable(kept) || Pte.isWritable(pte)).as("right at 0x%x", vaddr).isTrue();
            });
        }
    }

    private static void pageOut(ForkScene scene, MmStruct mm, int page, int pages) {
        scene.drain();
        scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(page), pages * 4096L, Advice.PAGEOUT);
    }

    private static void migrate(ForkScene scene, MmStruct mm, int page) {
        new MigratePages(scene.kernel).migrate(scene.cpu, scene.pfn(mm, page));
    }

    private static void hint(ForkScene scene, MmStruct mm) {
        mm.mmapLock().downRead(scene.cpu);
        new NumaHints(scene.kernel).changeProtNuma(scene.cpu, scene.vma(mm, 0), ForkScene.vaddr(0),
                ForkScene.vaddr(PAGES));
        mm.mmapLock().upRead(scene.cpu);
    }

    private static int advise(ForkScene scene, MmStruct mm, Advice advice, int page, int pages) {
        return scene.kernel.memoryMap().madvise(scene.cpu, mm, ForkScene.vaddr(page), pages * 4096L, advice);
    }

    private static void protect(ForkScene scene, MmStruct mm, long prot) {
        scene.kernel.memoryMap().mprotect(scene.cpu, mm, ForkScene.vaddr(1), 3 * 4096L, prot);
    }

    private static void move(ForkScene scene, MmStruct mm, int page, int to) {
        scene.kernel.memoryMap().mremap(scene.cpu, mm, ForkScene.vaddr(page), 4096, ForkScene.vaddr(to), 4096,
                MemoryMap.MREMAP_MAYMOVE | MemoryMap.MREMAP_FIXED);
    }

    /** What may happen to a process, each on its own. */
    private static Map<String, BiConsumer<ForkScene, MmStruct>> deeds() {
        Map<String, BiConsumer<ForkScene, MmStruct>> deeds = new TreeMap<>();
        deeds.put("fork", (scene, mm) -> scene.fork(mm));
        deeds.put("write", (scene, mm) -> scene.write(mm, 2, 9));
        deeds.put("dontneed", (scene, mm) -> advise(scene, mm, Advice.DONTNEED, 1, 3));
        deeds.put("free", (scene, mm) -> advise(scene, mm, Advice.FREE, 1, 3));
        deeds.put("guard", (scene, mm) -> advise(scene, mm, Advice.GUARD_INSTALL, 1, 3));
        deeds.put("munmap", (scene, mm) -> scene.munmap(mm, 1, 3));
        deeds.put("mprotect to none", (scene, mm) -> protect(scene, mm, 0));
        deeds.put("mprotect to read", (scene, mm) -> protect(scene, mm, VmFlags.READ));
        deeds.put("mremap", (scene, mm) -> move(scene, mm, 2, 700));
        deeds.put("mmap over", (scene, mm) -> scene.map(mm, 2, 2, VmFlags.READ));
        deeds.put("pageout", (scene, mm) -> pageOut(scene, mm, 0, PAGES));
        deeds.put("migrate", (scene, mm) -> migrate(scene, mm, 3));
        deeds.put("poison", (scene, mm) -> new MemoryFailure(scene.kernel).memoryFailure(scene.cpu, scene.pfn(mm, 3)));
        deeds.put("numa hint", MirrorTest::hint);
        return deeds;
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void mirrorOfALoneProcessIsNeverStrongerThanItsTables(ForkScene scene) {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM);
        deeds().forEach((name, deed) -> {
            MmStruct mm = scene.process(PAGES);
            Mirror mirror = new Mirror(scene, mm);
            mirror.fill();
            deed.accept(scene, mm);
            mirror.assertNoStrongerThanTheTables();
            scene.exit(mm);
            assertThat(mirror.released).as(name).isTrue();
        });
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void mirrorsOfParentAndChildAreNeverStrongerThanTheTables(ForkScene scene) {
        scene.kernel.swap().swapon(scene.cpu, SwapInfo.Kind.ZRAM);
        deeds().forEach((name, deed) -> {
            MmStruct parent = scene.process(PAGES);
            MmStruct child = scene.fork(parent);
            Mirror ofParent = new Mirror(scene, parent);
            Mirror ofChild = new Mirror(scene, child);
            ofParent.fill();
            ofChild.fill();
            deed.accept(scene, child);
            ofParent.assertNoStrongerThanTheTables();
            ofChild.assertNoStrongerThanTheTables();
            scene.exit(child);
            scene.exit(parent);
        });
    }

    @Test
    void breakOfATableIsNoChangeOfEntriesButDropsWhatWasCachedOfTheTableItself() {
        ForkScene scene = ForkScene.relaxed();
        MmStruct parent = scene.process(PAGES);
        MmStruct child = scene.fork(parent);
        Mirror mirror = new Mirror(scene, child);
        mirror.fill();
        int kept = mirror.entries.size();

        scene.kernel.forkStrategy().breakTables(scene.cpu, child, ForkScene.vaddr(0),
                ForkScene.vaddr(0) + PageTables.PMD_BYTES, BreakIntent.OTHER);

        assertThat(mirror.entries).hasSize(kept);
        assertThat(mirror.secondary).isPositive();
        mirror.assertNoStrongerThanTheTables();
        assertThat(parent.notifiers().any()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.fork.ForkScene#eachDesign")
    void whoUnsubscribesIsReleasedAndToldNothingMore(ForkScene scene) {
        MmStruct mm = scene.process(PAGES);
        Mirror mirror = new Mirror(scene, mm);

        mm.notifiers().unregister(scene.cpu, mirror);
        assertThat(mirror.released).isTrue();
        mirror.fill();
        int kept = mirror.entries.size();
        scene.munmap(mm, 0, PAGES);

        assertThat(mirror.entries).hasSize(kept).hasSize(PAGES);
    }
}
