package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.explore.Round;

/**
 * A page that is in swap is written, read and swapped out again by threads of P, or written by P and C, or its slot gets another page.
 *
 * <pre>
 * again:  CPU 0  page = OF_P, pageout(page)      CPU 1  reads page      CPU 2  pageout(page)
 * shared: CPU 0  page = OF_P                     CPU 1  reads page      CPU 2  C: page = OF_C, pageout(page)
 * reused: CPU 0  drops page, page = OF_P, pageout(page)                  CPU 1  reads page
 * </pre>
 *
 * <p>Why: a page read from the device while the same slot is written again must not be mapped (HAS_CACHE is the lock), and one found in the
 * swap cache must still be the entry's when it is locked.
 */
final class SwapInVsPageout {
    private static final int PAGE = 0;
    private static final int OF_P = 2;
    private static final int OF_C = 3;

    private SwapInVsPageout() {
    }

    static Round again(Kernel kernel, SwapInfo.Kind kind) {
        Scene scene = new Scene(kernel);
        MmStruct parent = swapped(scene, kind);
        for (int cpu = 1; cpu < 3; cpu++) {
            kernel.tlbFlush().switchMm(scene.cpu(cpu), parent);
        }
        return new SceneRound(scene, () -> scene.expectRead(scene.cpu(0), "P in the end", parent, PAGE, OF_P), cpu -> {
            scene.write(cpu, parent, PAGE, OF_P);
            pageout(scene, cpu, parent);
        }, cpu -> scene.expectReads(cpu, "P's reader", parent, PAGE, Scene.ORIGINAL, OF_P),
                cpu -> pageout(scene, cpu, parent));
    }

    static Round shared(Kernel kernel, SwapInfo.Kind kind) {
        Scene scene = new Scene(kernel);
        MmStruct parent = swapped(scene, kind);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        kernel.tlbFlush().switchMm(scene.cpu(1), parent);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, PAGE, OF_P);
            scene.expectRead(scene.cpu(2), "C in the end", child, PAGE, OF_C);
        }, cpu -> scene.write(cpu, parent, PAGE, OF_P),
                cpu -> scene.expectReads(cpu, "P's reader", parent, PAGE, Scene.ORIGINAL, OF_P), cpu -> {
                    scene.write(cpu, child, PAGE, OF_C);
                    pageout(scene, cpu, child);
                });
    }

    /** The page's entry is the same in the end, its slot has another page. */
    static Round reused(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = swapped(scene, SwapInfo.Kind.FILE);
        scene.read(scene.cpu(0), parent, PAGE);
        scene.write(scene.cpu(0), parent, PAGE, Scene.ORIGINAL);
        pageout(scene, scene.cpu(0), parent);
        kernel.tlbFlush().switchMm(scene.cpu(1), parent);
        return new SceneRound(scene, () -> scene.expectRead(scene.cpu(0), "P in the end", parent, PAGE, OF_P), cpu -> {
            advise(scene, cpu, parent, Advice.DONTNEED);
            scene.write(cpu, parent, PAGE, OF_P);
            pageout(scene, cpu, parent);
        }, cpu -> scene.expectRead(cpu, "P's reader", parent, PAGE, Scene.ORIGINAL, 0, OF_P));
    }

    /** A process whose page is in swap, and not in the swap cache. */
    private static MmStruct swapped(Scene scene, SwapInfo.Kind kind) {
        Cpu cpu = scene.cpu(0);
        scene.kernel().swap().swapon(cpu, kind);
        MmStruct mm = scene.process(cpu, 1);
        pageout(scene, cpu, mm);
        if (kind == SwapInfo.Kind.FILE) {
            scene.read(cpu, mm, PAGE);
            pageout(scene, cpu, mm);
        }
        return mm;
    }

    private static void pageout(Scene scene, Cpu cpu, MmStruct mm) {
        advise(scene, cpu, mm, Advice.PAGEOUT);
    }

    private static void advise(Scene scene, Cpu cpu, MmStruct mm, Advice advice) {
        scene.kernel().memoryMap().madvise(cpu, mm, Scene.page(PAGE), Paging.PAGE_BYTES, advice);
    }
}
