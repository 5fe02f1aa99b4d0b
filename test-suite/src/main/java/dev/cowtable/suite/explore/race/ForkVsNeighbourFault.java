package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.suite.explore.Body;
import dev.cowtable.suite.explore.Round;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * P forks while two of its threads write under the locks of single VMAs of the same 2 MiB (scenario 48).
 *
 * <p>A fault that found the table private may meet a shared one when it takes the table's lock, and must break it.
 * Each page of the child is from before or after the write; what P writes once fork is over is not seen by the child.
 */
final class ForkVsNeighbourFault {
    private static final int LOW = 0;
    private static final int HIGH = 16;
    private static final int HIGH_UNTOUCHED = 17;
    private static final int TOP_UNTOUCHED = 32;
    private static final int PAGES = 16;
    private static final int DURING = 2;
    private static final int AFTER = 3;

    private ForkVsNeighbourFault() {
    }

    static Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.newMm(scene.cpu(0));
        scene.map(scene.cpu(0), parent, LOW, PAGES, VmFlags.READ | VmFlags.WRITE);
        scene.map(scene.cpu(0), parent, HIGH, PAGES, VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC);
        scene.map(scene.cpu(0), parent, TOP_UNTOUCHED, PAGES, VmFlags.READ | VmFlags.WRITE);
        scene.write(scene.cpu(0), parent, LOW, Scene.ORIGINAL);
        scene.write(scene.cpu(0), parent, HIGH, Scene.ORIGINAL);
        scene.read(scene.cpu(1), parent, LOW);
        scene.read(scene.cpu(2), parent, LOW);
        return new ForkRound(scene, parent);
    }

    private static final class ForkRound implements Round {
        private final Scene scene;
        private final MmStruct parent;
        private @Nullable MmStruct child;

        ForkRound(Scene scene, MmStruct parent) {
            this.scene = scene;
            this.parent = parent;
        }

        @Override
        public List<Body> bodies() {
            return List.of(cpu -> child = scene.fork(cpu, parent), cpu -> {
                scene.write(cpu, parent, HIGH, DURING);
                scene.write(cpu, parent, HIGH_UNTOUCHED, DURING);
                scene.write(cpu, parent, TOP_UNTOUCHED, DURING);
            }, cpu -> scene.write(cpu, parent, LOW, DURING));
        }

        @Override
        public List<String> verdict() {
            MmStruct forked = child;
            if (forked == null) {
                return List.of("fork failed");
            }
            check(forked, LOW, Scene.ORIGINAL);
            check(forked, HIGH, Scene.ORIGINAL);
            check(forked, HIGH_UNTOUCHED, 0);
            check(forked, TOP_UNTOUCHED, 0);
            return scene.wrong();
        }

        private void check(MmStruct forked, int page, int before) {
            int seen = scene.expectRead(scene.cpu(0), "C", forked, page, before, DURING);
            scene.expectRead(scene.cpu(1), "P", parent, page, DURING);
            scene.write(scene.cpu(1), parent, page, AFTER);
            scene.expectRead(scene.cpu(0), "C after P's last write", forked, page, seen);
        }
    }
}
