package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.suite.explore.Round;

/**
 * P and C write the page that they share, while another thread of P reads it (scenario 5, and the order of
 * wp_page_copy).
 *
 * <p>One of the writers may keep the page if the other has copied it; never both. The reader never meets C's value,
 * nor the old one after the new one.
 */
final class TwoWriteFaults {
    private static final int PAGE = 0;
    private static final int OF_P = 2;
    private static final int OF_C = 3;

    private TwoWriteFaults() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 1);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.read(scene.cpu(1), child, PAGE);
        scene.read(scene.cpu(2), parent, PAGE);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, PAGE, OF_P);
            scene.expectRead(scene.cpu(1), "C in the end", child, PAGE, OF_C);
            scene.require(scene.mappedPfn(parent, PAGE) != scene.mappedPfn(child, PAGE),
                    "P and C write the same frame");
        }, cpu -> scene.write(cpu, parent, PAGE, OF_P), cpu -> scene.write(cpu, child, PAGE, OF_C),
                cpu -> scene.expectReads(cpu, "P's reader", parent, PAGE, Scene.ORIGINAL, OF_P));
    }
}
