package dev.cowtable.suite.explore;

import dev.cowtable.mmu.exec.Step;
import java.util.SplittableRandom;

/**
 * Random choices from a seed: each chosen CPU goes on for a stretch, whose length is random in its order of magnitude.
 *
 * <p>Why: a body of fifteen steps and one of a thousand meet in windows of two or three steps of either; a fixed
 * chance of a switch would all but never stop the short body inside, or stop the long one all the time. The seed also
 * draws how long a stretch may get, how much of a stretch each kind of step uses up (nothing, or from a sixteenth to
 * sixteen: scans of tables go by fast under one seed, and a switch at each flush or lock is likely under another),
 * and whether the CPUs that wait are chosen evenly or mostly the same one.
 */
final class RandomScheduler implements Scheduler {
    private static final int SHORTEST_LIMIT_BITS = 3;
    private static final int LONGEST_LIMIT_BITS = 10;
    private static final int WEIGHT_BITS = 8;
    private static final int NO_WEIGHT_ONE_IN = 2;
    /** The middle weight, of a step that counts as one. */
    private static final int WHOLE = 16;

    private final SplittableRandom random;
    private final int limitBits;
    private final int[] weight = new int[Step.values().length];
    private final boolean evenly;
    private final int favourite;
    private long left;

    RandomScheduler(long seed) {
        random = new SplittableRandom(seed);
        limitBits = SHORTEST_LIMIT_BITS + random.nextInt(LONGEST_LIMIT_BITS - SHORTEST_LIMIT_BITS + 1);
        for (int kind = 0; kind < weight.length; kind++) {
            weight[kind] = random.nextInt(NO_WEIGHT_ONE_IN) == 0 ? 0 : 1 << random.nextInt(WEIGHT_BITS + 1);
        }
        evenly = random.nextBoolean();
        favourite = random.nextInt(Long.SIZE);
    }

    @Override
    public int pick(int current, long runnableMask, Step next) {
        left -= weight[next.ordinal()];
        boolean canStay = current != NOBODY && (runnableMask >>> current & 1) != 0;
        if (canStay && left > 0) {
            return current;
        }
        left = stretch();
        long others = canStay ? runnableMask & ~(1L << current) : runnableMask;
        return others == 0 ? current : evenly ? any(others) : byPrecedence(others);
    }

    /** From one step to {@code 2^limitBits}, each power of two as likely as the others. */
    private long stretch() {
        long magnitude = 1L << random.nextInt(limitBits + 1);
        return WHOLE * (magnitude + random.nextLong(magnitude)) / 2 + WHOLE / 2;
    }

    private int any(long mask) {
        return nth(mask, random.nextInt(Long.bitCount(mask)));
    }

    /** Mostly the same one of two waiting CPUs. */
    private int byPrecedence(long mask) {
        return random.nextInt(8) == 0 ? any(mask) : nth(mask, favourite % Long.bitCount(mask));
    }

    private static int nth(long mask, int n) {
        long rest = mask;
        for (int skip = n; skip > 0; skip--) {
            rest &= rest - 1;
        }
        return Long.numberOfTrailingZeros(rest);
    }
}
