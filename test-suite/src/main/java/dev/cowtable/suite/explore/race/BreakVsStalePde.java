package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.suite.explore.Round;

/**
 * P leaves a shared table while one of its CPUs still reaches it through a cached PDE, and C takes the table over
 * (scenario 50).
 *
 * <pre>
 * begin  P and C share table T; CPU 1 runs P and has read X, so it caches the PDE at T, but no entry of Y
 * CPU 0  P: X = NEW                  breaks T
 * CPU 1  P: reads Y, Z               must be the original
 * CPU 2  C: Y = SECRET, Z = SECRET   if C is the last sharer, T's entries name C's pages now
 *        C: reads X                  must be the original
 * </pre>
 *
 * <p>Why: P's flush must be over before its share is dropped.
 */
final class BreakVsStalePde {
    private static final int X = 0;
    /* Their PTEs are in other cache lines than X's: a walk for X brings neither along. */
    private static final int Y = 8;
    private static final int Z = 16;
    private static final int NEW = 2;
    private static final int SECRET = 3;

    private BreakVsStalePde() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 1);
        scene.write(scene.cpu(0), parent, Y, Scene.ORIGINAL);
        scene.write(scene.cpu(0), parent, Z, Scene.ORIGINAL);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.read(scene.cpu(1), parent, X);
        scene.read(scene.cpu(2), child, X);
        return new SceneRound(scene, () -> end(scene, parent, child),
                cpu -> scene.write(cpu, parent, X, NEW),
                cpu -> {
                    scene.expectRead(cpu, "P", parent, Y, Scene.ORIGINAL);
                    scene.expectRead(cpu, "P", parent, Z, Scene.ORIGINAL);
                },
                cpu -> {
                    scene.write(cpu, child, Y, SECRET);
                    scene.write(cpu, child, Z, SECRET);
                    scene.expectRead(cpu, "C", child, X, Scene.ORIGINAL);
                });
    }

    private static void end(Scene scene, MmStruct parent, MmStruct child) {
        scene.expectRead(scene.cpu(1), "P in the end", parent, X, NEW);
        scene.expectRead(scene.cpu(1), "P in the end", parent, Y, Scene.ORIGINAL);
        scene.expectRead(scene.cpu(2), "C in the end", child, X, Scene.ORIGINAL);
        scene.expectRead(scene.cpu(2), "C in the end", child, Y, SECRET);
    }
}
