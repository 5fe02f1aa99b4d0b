package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The share of a broken table is dropped only after the flush (dossier L4), looked at in the one step in between.
 *
 * <pre>
 * CPU 0: a thread of P breaks T --- about to flush ---
 * CPU 1:                            C takes T over and writes its secret to page 1
 * CPU 2: a thread of P, page 0 read before: its cached PDE still reaches T; reads page 1
 * </pre>
 */
class BreakOrderTest {
    static final int OLD = 1;
    /** Its PTE is in another cache line than page 0's, so no walk for page 0 brings it along. */
    private static final int FAR_PAGE = 8;
    static final int SECRET = 99;

    /** Lets a test act when a CPU is about to flush; one thread drives all CPUs. */
    private static final class AtFlush implements Executor {
        private final SingleThreadExecutor rest = new SingleThreadExecutor();
        private @Nullable Runnable action;

        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu cpu, Step kind, long where) {
            Runnable now = action;
            if (kind == Step.FLUSH && cpu.id() == 0 && now != null) {
                action = null;
                now.run();
            }
        }

        @Override
        public void blockedOn(Cpu cpu, Waitable what) {
            rest.blockedOn(cpu, what);
        }
    }

    private static final class Scene {
        final AtFlush executor = new AtFlush();
        final Lab lab;
        final MmStruct child;

        Scene(Design design) {
            lab = new Lab(design, executor);
            lab.write(0, lab.parent, 0, OLD);
            lab.write(0, lab.parent, FAR_PAGE, OLD);
            child = lab.fork();
            lab.read(2, lab.parent, 0);
        }

        /** P writes page 0; {@code action} is done at the first flush of that. */
        void breakTable(Runnable action) {
            executor.action = action;
            lab.write(0, lab.parent, 0, 2);
            assertThat(executor.action).as("the flush was seen").isNull();
        }
    }

    static long readByOtherThread(Design design) {
        Scene scene = new Scene(design);
        long[] seen = new long[1];
        scene.breakTable(() -> {
            scene.lab.write(1, scene.child, FAR_PAGE, SECRET);
            seen[0] = scene.lab.read(2, scene.lab.parent, FAR_PAGE);
        });
        return seen[0];
    }

    private static List<String> tablesReachedWithoutShare(Design design) {
        Scene scene = new Scene(design);
        List<String> found = new ArrayList<>();
        scene.breakTable(
                () -> scene.lab.cpu(2).forEachPagingStructureEntry((pcid, level, vaddr, nextTablePaddr, w, u) -> {
                    PtDesc table = scene.lab.kernel.pageTables().desc(nextTablePaddr);
                    boolean left = table != null && level == 2 && !table.isSharedBy(scene.lab.parent);
                    if (table != null && left && table.shareCount() == table.sharerCount()) {
                        found.add("CPU 2 reaches the table of others");
                    }
                }));
        return found;
    }

    @Test
    void otherThreadReadsTheOldByteWhileTheBreakIsUnderWay() {
        assertThat(readByOtherThread(TestDesigns.RELAXED)).isEqualTo(OLD);
        assertThat(tablesReachedWithoutShare(TestDesigns.RELAXED)).isEmpty();
    }

    @Test
    void shareDroppedBeforeTheFlushIsCaughtAsTheChildsSecretRead() {
        assertThat(readByOtherThread(PlantedBugs.SHARE_DROPPED_BEFORE_FLUSH)).isEqualTo(SECRET);
    }

    @Test
    void shareDroppedBeforeTheFlushIsCaughtAsTableReachedWithoutShare() {
        assertThat(tablesReachedWithoutShare(PlantedBugs.SHARE_DROPPED_BEFORE_FLUSH)).isNotEmpty();
    }
}
