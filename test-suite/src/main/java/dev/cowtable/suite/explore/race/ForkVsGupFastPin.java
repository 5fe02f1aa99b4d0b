package dev.cowtable.suite.explore.race;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.check.HeldReferences;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.suite.explore.Body;
import dev.cowtable.suite.explore.Race;
import dev.cowtable.suite.explore.Round;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Three threads of P: one forks, one pins a written page without locks, one writes to the page.
 *
 * <pre>
 * CPU 0  fork(P)
 * CPU 1  pin_user_pages_fast(page)
 * CPU 2  page = WRITTEN
 * end    page = FINAL, then the pinned frame must hold FINAL, be exclusive, and not be the child's
 * </pre>
 *
 * <p>Why: whoever pinned the page works on its frame behind the CPU's back. If fork shared the page in spite of the
 * pin, P's next write goes to a copy and the two part. write_protect_seq is there to make the pin back off.
 */
record ForkVsGupFastPin(String name, int follFlags) implements Race {
    private static final int PAGE = 3;
    private static final int WRITTEN = 2;
    private static final int FINAL = 3;

    @Override
    public String description() {
        String kind = (follFlags & FollFlags.WRITE) != 0 ? "a pin for writing" : "a long-term read-only pin";
        return "fork against " + kind + " by GUP-fast against a write fault, in three threads of one process";
    }

    @Override
    public int cpus() {
        return 3;
    }

    @Override
    public Round begin(Kernel kernel) {
        Scene scene = new Scene(kernel);
        MmStruct parent = scene.process(scene.cpu(0), PAGE + 1);
        for (int cpu = 1; cpu < cpus(); cpu++) {
            scene.kernel().tlbFlush().switchMm(scene.cpu(cpu), parent);
        }
        return new PinRound(scene, parent, follFlags);
    }

    private static final class PinRound implements Round {
        private final Scene scene;
        private final MmStruct parent;
        private final int follFlags;
        private final long[] pfn = {-1};
        private int had;
        private @Nullable MmStruct child;

        PinRound(Scene scene, MmStruct parent, int follFlags) {
            this.scene = scene;
            this.parent = parent;
            this.follFlags = follFlags;
        }

        @Override
        public List<Body> bodies() {
            return List.of(cpu -> child = scene.fork(cpu, parent), this::pin,
                    cpu -> scene.write(cpu, parent, PAGE, WRITTEN));
        }

        private void pin(Cpu cpu) {
            had = scene.kernel().gupStrategy().getUserPagesFast(cpu, parent, Scene.page(PAGE), 1, follFlags, pfn);
        }

        @Override
        public HeldReferences held() {
            return frame -> had == 1 && frame == pfn[0] ? MemMap.PIN_BIAS : 0;
        }

        @Override
        public List<String> verdict() {
            scene.require(had == 1, "the pin ends with " + had);
            if (had == 1) {
                checkPinned(scene.cpu(2));
                scene.kernel().gupStrategy().unpinUserPages(scene.cpu(1), pfn, 1);
            }
            if (child != null) {
                scene.expectRead(scene.cpu(0), "the child", child, PAGE, Scene.ORIGINAL, WRITTEN);
            }
            return scene.wrong();
        }

        private void checkPinned(Cpu cpu) {
            scene.write(cpu, parent, PAGE, FINAL);
            int seen = scene.kernel().machine().memory().readByte(Paging.paddr(pfn[0]));
            scene.require(seen == FINAL, "the pinned frame holds " + seen + " after P wrote " + FINAL);
            scene.require(scene.mappedPfn(parent, PAGE) == pfn[0], "P maps another frame than the pinned one");
            scene.require(scene.kernel().memMap().testFlag(pfn[0], PageFlags.ANON_EXCLUSIVE),
                    "the pinned frame is not exclusive");
            scene.require(child == null || scene.mappedPfn(child, PAGE) != pfn[0], "the child maps the pinned frame");
        }
    }
}
