package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.suite.explore.Round;

/**
 * Two threads of P write different pages under one shared table, a third reads one of them (scenario 46).
 *
 * <p>One new table is installed; whoever comes second frees its own, and the share is dropped once.
 */
final class TwoBreaks {
    private static final int NEW_X = 2;
    private static final int NEW_Y = 3;

    private TwoBreaks() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 2);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.read(scene.cpu(1), parent, 0);
        scene.read(scene.cpu(2), parent, 1);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, 0, NEW_X);
            scene.expectRead(scene.cpu(0), "P in the end", parent, 1, NEW_Y);
            scene.expectRead(scene.cpu(1), "C in the end", child, 0, Scene.ORIGINAL);
            scene.expectRead(scene.cpu(1), "C in the end", child, 1, Scene.ORIGINAL);
        }, cpu -> scene.write(cpu, parent, 0, NEW_X), cpu -> scene.write(cpu, parent, 1, NEW_Y),
                cpu -> scene.expectReads(cpu, "P's reader", parent, 0, Scene.ORIGINAL, NEW_X));
    }
}
