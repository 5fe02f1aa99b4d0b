package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.suite.explore.Round;

/**
 * C exits and another process takes the memory that becomes free, while P breaks the table that it shared with C
 * (scenario 51).
 *
 * <p>P's other thread, which caches a PDE at the shared table, never meets the newcomer's pages.
 */
final class BreakVsExit {
    private static final int NEW = 2;
    private static final int OF_NEWCOMER = 3;
    private static final int NEWCOMER_PAGES = 4;
    /** Its PTE is in another cache line than page 1's: P's reader caches the PDE by it, and not page 1. */
    private static final int FAR = 8;

    private BreakVsExit() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 2);
        scene.write(scene.cpu(0), parent, FAR, Scene.ORIGINAL);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.read(scene.cpu(1), child, 0);
        scene.read(scene.cpu(2), parent, FAR);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, 0, NEW);
            scene.expectRead(scene.cpu(0), "P in the end", parent, 1, Scene.ORIGINAL);
        }, cpu -> scene.write(cpu, parent, 0, NEW), cpu -> {
            kernel.exitMmap(cpu, child);
            MmStruct newcomer = scene.process(cpu, 0);
            for (int i = 0; i < NEWCOMER_PAGES; i++) {
                scene.write(cpu, newcomer, i, OF_NEWCOMER);
            }
        }, cpu -> scene.expectRead(cpu, "P's reader", parent, 1, Scene.ORIGINAL));
    }
}
