package dev.cowtable.suite.locks;

import dev.cowtable.mmu.exec.Step;
import dev.cowtable.suite.explore.Scheduler;
import java.util.SplittableRandom;

/**
 * Lets the CPUs go on in turn, a few steps each: all go at about the same pace, as the CPUs of one machine do.
 *
 * <p>Why: how often a lock is found taken depends on the pace; a scheduler that looks for bugs stops one CPU for long stretches.
 */
final class EvenScheduler implements Scheduler {
    private static final int LONGEST_TURN = 15;

    private final SplittableRandom random;
    private int left;

    EvenScheduler(long seed) {
        random = new SplittableRandom(seed);
    }

    @Override
    public int pick(int current, long runnableMask, Step next) {
        left--;
        boolean canStay = current != NOBODY && (runnableMask >>> current & 1) != 0;
        if (canStay && left > 0) {
            return current;
        }
        left = 1 + random.nextInt(LONGEST_TURN);
        long after = current == NOBODY || current == Long.SIZE - 1 ? 0 : runnableMask >>> current + 1 << current + 1;
        return Long.numberOfTrailingZeros(after != 0 ? after : runnableMask);
    }
}
