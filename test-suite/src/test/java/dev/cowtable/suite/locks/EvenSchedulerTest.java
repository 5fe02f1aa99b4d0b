package dev.cowtable.suite.locks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.exec.Step;
import dev.cowtable.suite.explore.Scheduler;
import org.junit.jupiter.api.Test;

class EvenSchedulerTest {
    private static final int PICKS = 60_000;

    private static int[] turns(long seed, long runnable) {
        EvenScheduler scheduler = new EvenScheduler(seed);
        int[] turns = new int[Long.SIZE];
        int current = Scheduler.NOBODY;
        for (int i = 0; i < PICKS; i++) {
            current = scheduler.pick(current, runnable, Step.READ);
            turns[current]++;
        }
        return turns;
    }

    @Test
    void allThatCanGoOnGoAtAboutTheSamePace() {
        int[] turns = turns(1, 1L | 1L << 3 | 1L << 63);
        assertThat(turns[0] + turns[3] + turns[63]).isEqualTo(PICKS);
        for (int cpu : new int[] {0, 3, 63}) {
            assertThat(turns[cpu]).isBetween(PICKS / 3 * 95 / 100, PICKS / 3 * 105 / 100);
        }
    }

    @Test
    void theSeedAloneDecides() {
        assertThat(turns(7, 0b1111)).isEqualTo(turns(7, 0b1111)).isNotEqualTo(turns(8, 0b1111));
    }

    @Test
    void whoCannotGoOnIsPassedOverAtOnce() {
        EvenScheduler scheduler = new EvenScheduler(1);
        int first = scheduler.pick(Scheduler.NOBODY, 0b11, Step.READ);
        assertThat(scheduler.pick(first, 0b11 & ~(1 << first), Step.READ)).isEqualTo(1 - first);
    }
}
