package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.lru.LruScan;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.suite.explore.Race;
import dev.cowtable.suite.explore.Round;
import java.util.List;

/**
 * Races in which bugs of the past were: one thread changes entries, another believes that nothing is left to flush, a third has a TLB.
 */
public final class HistoricalRaces {
    private static final int NEW = 2;
    private static final int OF_NEWCOMER = 3;
    private static final int PAGE = 0;
    private static final int MOVED = 100;
    /** MREMAP_MAYMOVE | MREMAP_FIXED. */
    private static final int MAYMOVE_FIXED = 3;
    private static final long READ_WRITE = VmFlags.READ | VmFlags.WRITE;

    private static final List<Race> ALL = List.of(
            new SceneRace("dontneed-twice",
                    "two threads discard one page, and the second reads it then", 2, HistoricalRaces::dontneedTwice),
            new SceneRace("mremap-reclaim",
                    "a page is moved, found by its new place and reclaimed, against a reader of its old place", 3,
                    HistoricalRaces::mremapReclaim),
            new SceneRace("protect-migrate",
                    "a page becomes inaccessible and is moved to another frame, against a writer", 3,
                    HistoricalRaces::protectMigrate),
            new SceneRace("pageout-munmap",
                    "a page is swapped out, unmapped, and then used by another process, against a reader", 3,
                    HistoricalRaces::pageoutMunmap),
            new SceneRace("two-copies",
                    "parent and child, tables of their own, write one shared page, against a thread of the parent", 3,
                    HistoricalRaces::twoCopies),
            new SceneRace("exit-lazy",
                    "a process exits and another takes its frames, against an idle CPU that speculates", 2,
                    HistoricalRaces::exitLazy),
            new SceneRace("switch-unmap", "a CPU switches to a process that discards a page", 2,
                    HistoricalRaces::switchUnmap));

    private HistoricalRaces() {
    }

    public static List<Race> all() {
        return ALL;
    }

    private static Round dontneedTwice(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct mm = scene.process(scene.cpu(0), 1);
        scene.read(scene.cpu(1), mm, PAGE);
        return new SceneRound(scene, () -> scene.expectRead(scene.cpu(0), "P in the end", mm, PAGE, 0),
                cpu -> discard(kernel, cpu, mm, PAGE), cpu -> {
                    discard(kernel, cpu, mm, PAGE);
                    scene.expectRead(cpu, "P after its MADV_DONTNEED", mm, PAGE, 0);
                });
    }

    private static void discard(Kernel kernel, Cpu cpu, MmStruct mm, int page) {
        kernel.memoryMap().madvise(cpu, mm, Scene.page(page), Paging.PAGE_BYTES, Advice.DONTNEED);
    }

    private static Round mremapReclaim(Kernel kernel) {
        Scene scene = new Scene(kernel);
        kernel.swap().swapon(scene.cpu(0), SwapInfo.Kind.ZRAM);
        MmStruct mm = scene.process(scene.cpu(0), 1);
        scene.read(scene.cpu(2), mm, PAGE);
        kernel.lru().lruAddDrainAll(scene.cpu(0));
        MmStruct newcomer = scene.process(scene.cpu(1), 1);
        return new SceneRound(scene,
                () -> scene.expectRead(scene.cpu(0), "P at the new place", mm, MOVED, Scene.ORIGINAL),
                cpu -> kernel.memoryMap().mremap(cpu, mm, Scene.page(PAGE), Paging.PAGE_BYTES, Scene.page(MOVED),
                        Paging.PAGE_BYTES, MAYMOVE_FIXED),
                cpu -> {
                    reclaim(kernel, cpu);
                    scene.write(cpu, newcomer, 1, OF_NEWCOMER);
                    scene.write(cpu, newcomer, 2, OF_NEWCOMER);
                }, cpu -> readUnlessGone(scene, cpu, mm));
    }

    private static void takeFrames(Scene scene, Cpu cpu) {
        MmStruct newcomer = scene.process(cpu, 0);
        for (int i = 0; i < 4; i++) {
            scene.write(cpu, newcomer, i, OF_NEWCOMER);
        }
    }

    private static void readUnlessGone(Scene scene, Cpu cpu, MmStruct mm) {
        for (int i = 0; i < 4; i++) {
            long value = scene.kernel().userAccess().readByte(cpu, mm, Scene.page(PAGE));
            scene.require(value < 0 || value == Scene.ORIGINAL, "P reads " + value + " where its page was");
        }
    }

    /** Takes the only page that is on a list. */
    private static void reclaim(Kernel kernel, Cpu cpu) {
        long[] pfns = new long[1];
        LruScan scan = kernel.lru().scan();
        if (scan.isolateLruFolios(cpu, LruList.INACTIVE_ANON, pfns, 1)
                + scan.isolateLruFolios(cpu, LruList.ACTIVE_ANON, pfns, 1) == 1) {
            kernel.reclaim().reclaimPages(cpu, pfns, 1);
        }
    }

    private static Round protectMigrate(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct mm = scene.process(scene.cpu(0), 1);
        long pfn = scene.mappedPfn(mm, PAGE);
        scene.write(scene.cpu(2), mm, PAGE, Scene.ORIGINAL);
        kernel.lru().lruAddDrainAll(scene.cpu(0));
        boolean[] written = new boolean[1];
        return new SceneRound(scene, () -> {
            kernel.memoryMap().mprotect(scene.cpu(0), mm, Scene.page(PAGE), Paging.PAGE_BYTES, READ_WRITE);
            scene.expectRead(scene.cpu(0), "P in the end", mm, PAGE, written[0] ? NEW : Scene.ORIGINAL);
        }, cpu -> kernel.memoryMap().mprotect(cpu, mm, Scene.page(PAGE), Paging.PAGE_BYTES, 0),
                cpu -> new MigratePages(kernel).migrate(cpu, pfn),
                cpu -> written[0] = kernel.userAccess().writeByte(cpu, mm, Scene.page(PAGE), NEW) >= 0);
    }

    private static Round pageoutMunmap(Kernel kernel) {
        Scene scene = new Scene(kernel);
        kernel.swap().swapon(scene.cpu(0), SwapInfo.Kind.ZRAM);
        MmStruct mm = scene.process(scene.cpu(0), 1);
        scene.read(scene.cpu(2), mm, PAGE);
        kernel.lru().lruAddDrainAll(scene.cpu(0));
        boolean[] unmapped = new boolean[1];
        return new SceneRound(scene, () -> {
        }, cpu -> {
            kernel.memoryMap().munmap(cpu, mm, Scene.page(PAGE), Paging.PAGE_BYTES);
            unmapped[0] = true;
        }, cpu -> reclaim(kernel, cpu), cpu -> {
            for (int i = 0; i < 4; i++) {
                boolean before = unmapped[0];
                long value = kernel.userAccess().readByte(cpu, mm, Scene.page(PAGE));
                scene.require(!before || value < 0, "P reads " + value + " after munmap() has returned");
            }
        });
    }

    /** As {@link TwoWriteFaults}, but no table is shared any more. */
    private static Round twoCopies(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 2);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.write(scene.cpu(0), parent, 1, NEW);
        scene.write(scene.cpu(1), child, 1, NEW);
        scene.read(scene.cpu(2), parent, PAGE);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, PAGE, NEW);
            scene.expectRead(scene.cpu(1), "C in the end", child, PAGE, OF_NEWCOMER);
        }, cpu -> scene.write(cpu, parent, PAGE, NEW), cpu -> scene.write(cpu, child, PAGE, OF_NEWCOMER),
                cpu -> scene.expectReads(cpu, "P's reader", parent, PAGE, Scene.ORIGINAL, NEW));
    }

    private static Round exitLazy(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct mm = scene.process(scene.cpu(0), 1);
        scene.read(scene.cpu(1), mm, PAGE);
        kernel.tlbFlush().switchMm(scene.cpu(0), scene.newMm(scene.cpu(0)));
        return new SceneRound(scene, () -> {
        }, cpu -> {
            kernel.exitMmap(cpu, mm);
            takeFrames(scene, cpu);
        }, cpu -> {
            for (int i = 0; i < 4; i++) {
                long value = cpu.readByte(Scene.page(PAGE), Access.USER);
                scene.require(value < 0 || value == Scene.ORIGINAL,
                        "the idle CPU reads " + value + " through tables that are gone");
            }
        });
    }

    private static Round switchUnmap(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct mm = scene.process(scene.cpu(0), 1);
        scene.write(scene.cpu(1), scene.process(scene.cpu(1), 0), PAGE, OF_NEWCOMER);
        return new SceneRound(scene, () -> scene.expectRead(scene.cpu(1), "P in the end", mm, PAGE, 0),
                cpu -> discard(kernel, cpu, mm, PAGE),
                cpu -> scene.expectRead(cpu, "P on a new CPU", mm, PAGE, Scene.ORIGINAL, 0));
    }
}
