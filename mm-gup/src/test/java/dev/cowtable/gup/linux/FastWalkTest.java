package dev.cowtable.gup.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.lock.SeqCount;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When the lockless walk finds pages by itself, and when it gives up what it had. */
class FastWalkTest {
    private static final int PIN_WRITE = GupScene.PIN | GupScene.WRITE;

    private final InterruptingExecutor executor = new InterruptingExecutor();

    private GupScene interrupted(GupSteps steps) {
        return new GupScene(GupLab.kernel(steps, executor));
    }

    private static void assertFastAndSlow(GupScene scene, int fast, int slow) {
        assertThat(scene.count(Counter.GUP_FAST)).isEqualTo(fast);
        assertThat(scene.count(Counter.GUP_SLOW)).isEqualTo(slow);
    }

    @Test
    void presentPagesAreFoundWithoutTheSlowLookup() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(3);

        assertThat(scene.fast(mm, 0, 3, PIN_WRITE)).isEqualTo(3);

        assertFastAndSlow(scene, 3, 0);
        assertThat(scene.cpu.interruptsEnabled()).isTrue();
        scene.assertKernelIsConsistent();
    }

    @Test
    void slowLookupGoesOnWhereTheWalkStopped() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(2);
        scene.map(mm, 2, 2, GupScene.READ_WRITE);
        scene.write(mm, 3, 1);

        assertThat(scene.fast(mm, 0, 4, PIN_WRITE)).isEqualTo(4);

        assertFastAndSlow(scene, 2, 2);
        for (int page = 0; page < 4; page++) {
            assertThat(scene.pfns[page]).isEqualTo(scene.pfn(mm, page));
        }
        scene.assertKernelIsConsistent();
    }

    @Test
    void entryThatChangedMeanwhileIsLeftToTheSlowLookup() {
        GupScene scene = interrupted(new GupSteps());
        MmStruct mm = scene.process(1);
        long ptePaddr = scene.ptePaddr(mm, 0);
        Cpu other = scene.kernel.machine().cpu(1);
        executor.beforeTheReferenceIsTaken(() -> other.memory().fetchAndAnd(ptePaddr, ~Entry.RW));

        assertThat(scene.fast(mm, 0, 1, PIN_WRITE)).isEqualTo(1);

        assertThat(executor.hasActed()).isTrue();
        assertFastAndSlow(scene, 0, 1);
        assertThat(scene.refcount(scene.pfns[0])).isEqualTo(1 + MemMap.PIN_BIAS);
        assertThat(Pte.isWritable(scene.pte(mm, 0))).isTrue(); // by the slow one's write fault
        scene.assertKernelIsConsistent();
    }

    @Test
    void pmdEntryThatChangedMeanwhileIsLeftToTheSlowLookup() {
        GupScene scene = interrupted(new GupSteps());
        MmStruct mm = scene.process(1);
        long pmdPaddr = scene.pmdPaddr(mm, 0);
        Cpu other = scene.kernel.machine().cpu(1);
        executor.beforeTheReferenceIsTaken(() -> other.memory().fetchAndAnd(pmdPaddr, ~Entry.RW));

        assertThat(scene.fast(mm, 0, 1, GupScene.GET)).isEqualTo(1);

        assertThat(executor.hasActed()).isTrue();
        assertFastAndSlow(scene, 0, 1);
        assertThat(scene.refcount(scene.pfns[0])).isEqualTo(2);
    }

    @Test
    void walkThatDoesNotLookAgainKeepsAPageThatTheEntryNoLongerPermits() {
        GupScene scene = interrupted(new GupSteps() {
            @Override
            protected boolean hasChanged(long seen, long now) {
                return false;
            }
        });
        MmStruct mm = scene.process(1);
        long ptePaddr = scene.ptePaddr(mm, 0);
        Cpu other = scene.kernel.machine().cpu(1);
        executor.beforeTheReferenceIsTaken(() -> other.memory().fetchAndAnd(ptePaddr, ~Entry.RW));

        assertThat(scene.fast(mm, 0, 1, PIN_WRITE)).isEqualTo(1);

        assertFastAndSlow(scene, 1, 0);
        assertThat(Pte.isWritable(scene.pte(mm, 0))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {FollFlags.PIN, FollFlags.PIN | FollFlags.WRITE})
    void pinDuringAForkIsNotTriedWithoutLocks(int follFlags) {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        mm.writeProtectSeq().writeBegin(scene.cpu);

        assertThat(scene.fast(mm, 0, 1, follFlags)).isEqualTo(1);

        assertFastAndSlow(scene, 0, 1);
        mm.writeProtectSeq().writeEnd(scene.cpu);
        scene.assertKernelIsConsistent();
    }

    @Test
    void plainReferenceIsTakenDuringAForkToo() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        mm.writeProtectSeq().writeBegin(scene.cpu);

        assertThat(scene.fast(mm, 0, 1, GupScene.GET)).isEqualTo(1);

        assertFastAndSlow(scene, 1, 0);
        mm.writeProtectSeq().writeEnd(scene.cpu);
    }

    @Test
    void pinsThatAForkOverlappedAreGivenBackAndTakenAgain() {
        GupScene scene = interrupted(new GupSteps());
        MmStruct mm = scene.process(3);
        Cpu other = scene.kernel.machine().cpu(1);
        executor.beforeTheReferenceIsTaken(() -> {
            mm.writeProtectSeq().writeBegin(other);
            mm.writeProtectSeq().writeEnd(other);
        });

        assertThat(scene.fast(mm, 0, 3, PIN_WRITE)).isEqualTo(3);

        assertThat(scene.count(Counter.GUP_FAST_BACKOFF)).isEqualTo(1);
        assertFastAndSlow(scene, 0, 3);
        assertThat(scene.refcount(scene.pfns[2])).isEqualTo(1 + MemMap.PIN_BIAS);
        scene.assertKernelIsConsistent();
    }

    /** Forks on the other CPU between the walk's last page and its look at write_protect_seq. */
    private static final class ForkBeforeTheCheck extends GupSteps {
        private Runnable fork = () -> {
        };

        @Override
        protected boolean forkHasRun(Cpu cpu, SeqCount writeProtectSeq, int sequence) {
            Runnable once = fork;
            fork = () -> {
            };
            once.run();
            return super.forkHasRun(cpu, writeProtectSeq, sequence);
        }
    }

    @Test
    void pinThatARealForkOverlappedIsTakenAgainAndStaysWithTheParent() {
        ForkBeforeTheCheck steps = new ForkBeforeTheCheck();
        Kernel kernel = GupLab.kernel(steps);
        GupScene scene = new GupScene(kernel);
        MmStruct parent = scene.process(2);
        steps.fork = () -> Objects.requireNonNull(kernel.fork(kernel.machine().cpu(1), parent));

        assertThat(scene.fast(parent, 0, 1, PIN_WRITE)).isEqualTo(1);

        MmStruct child = kernel.mms().getLast();
        assertThat(scene.count(Counter.GUP_FAST_BACKOFF)).isEqualTo(1);
        assertThat(scene.pfn(parent, 0)).isEqualTo(scene.pfns[0]).isNotEqualTo(scene.pfn(child, 0));
        assertThat(scene.refcount(scene.pfns[0])).isEqualTo(1 + MemMap.PIN_BIAS);
        scene.write(parent, 0, 9);
        assertThat(scene.byteOf(scene.pfns[0])).isEqualTo(9);
        assertThat(scene.read(child, 0)).isEqualTo(1);
        scene.assertKernelIsConsistent();
    }

    @Test
    void writeUnderAWriteProtectedPmdEntryTakesTheSlowWay() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.cpu.memory().fetchAndAnd(scene.pmdPaddr(mm, 0), ~Entry.RW);

        assertThat(scene.fast(mm, 0, 1, PIN_WRITE)).isEqualTo(1);

        assertFastAndSlow(scene, 0, 1);
    }

    @Test
    void readUnderAWriteProtectedPmdEntryIsFoundByTheWalk() {
        GupScene scene = new GupScene();
        MmStruct mm = scene.process(1);
        scene.cpu.memory().fetchAndAnd(scene.pmdPaddr(mm, 0), ~Entry.RW);

        assertThat(scene.fast(mm, 0, 1, GupScene.GET)).isEqualTo(1);

        assertFastAndSlow(scene, 1, 0);
    }

    @Test
    void pageWithoutAReferenceIsNotRevived() {
        GupScene scene = interrupted(new GupSteps());
        MmStruct mm = scene.process(1);
        long pfn = scene.pfn(mm, 0);
        long ptePaddr = scene.ptePaddr(mm, 0);
        Cpu other = scene.kernel.machine().cpu(1);
        executor.beforeTheReferenceIsTaken(() -> { // the page was unmapped, and is about to be freed
            other.memory().exchange(ptePaddr, Pte.NONE);
            scene.kernel.memMap().pageRefSubAndTest(other, pfn, 1);
        });

        assertThat(scene.fast(mm, 0, 1, GupScene.GET)).isEqualTo(1);

        assertThat(scene.refcount(pfn)).isZero();
        assertThat(scene.pfns[0]).isNotEqualTo(pfn);
        assertFastAndSlow(scene, 0, 1);
    }
}
