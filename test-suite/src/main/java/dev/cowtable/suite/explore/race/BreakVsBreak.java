package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.suite.explore.Round;

/**
 * P and C write different pages under the table that they share (scenario 47).
 *
 * <p>One copies the table and the other re-owns it, or both copy and it is freed; it is never lost, and no page is.
 */
final class BreakVsBreak {
    private static final int NEW_X = 2;
    private static final int NEW_Y = 3;

    private BreakVsBreak() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 2);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.read(scene.cpu(1), child, 0);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, 0, NEW_X);
            scene.expectRead(scene.cpu(0), "P in the end", parent, 1, Scene.ORIGINAL);
            scene.expectRead(scene.cpu(1), "C in the end", child, 0, Scene.ORIGINAL);
            scene.expectRead(scene.cpu(1), "C in the end", child, 1, NEW_Y);
        }, cpu -> {
            scene.write(cpu, parent, 0, NEW_X);
            scene.expectRead(cpu, "P", parent, 1, Scene.ORIGINAL);
        }, cpu -> {
            scene.write(cpu, child, 1, NEW_Y);
            scene.expectRead(cpu, "C", child, 0, Scene.ORIGINAL);
        });
    }
}
