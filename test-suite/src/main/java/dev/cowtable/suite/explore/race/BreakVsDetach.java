package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.suite.explore.Round;

/**
 * C throws the whole range away, which detaches it from the shared table, while P breaks that table and another
 * thread of P reads.
 */
final class BreakVsDetach {
    private static final int NEW = 2;
    private static final int OF_C = 3;

    private BreakVsDetach() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), 2);
        MmStruct child = scene.fork(scene.cpu(0), parent);
        scene.read(scene.cpu(1), child, 0);
        scene.read(scene.cpu(2), parent, 0);
        return new SceneRound(scene, () -> {
            scene.expectRead(scene.cpu(0), "P in the end", parent, 0, NEW);
            scene.expectRead(scene.cpu(0), "P in the end", parent, 1, Scene.ORIGINAL);
            scene.expectRead(scene.cpu(1), "C in the end", child, 0, OF_C);
        }, cpu -> scene.write(cpu, parent, 0, NEW), cpu -> {
            int error = kernel.memoryMap().madvise(cpu, child, Scene.BLOCK_VADDR,
                    Scene.BLOCK_PAGES * Paging.PAGE_BYTES, Advice.DONTNEED);
            scene.require(error == 0, "C's madvise ends with " + error);
            scene.expectRead(cpu, "C after its madvise", child, 1, 0);
            scene.write(cpu, child, 0, OF_C);
        }, cpu -> scene.expectRead(cpu, "P's reader", parent, 1, Scene.ORIGINAL));
    }
}
