package dev.cowtable.suite.vectors;

/** Pseudo-random numbers, the same on every machine and JDK. */
final class VectorRandom {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    VectorRandom(long seed) {
        state = seed;
    }

    /** 64 random bits (Vigna's splitmix64). */
    long next() {
        state += GOLDEN_GAMMA;
        long mixed = (state ^ state >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }

    /** 0 to {@code bound} - 1. */
    int below(int bound) {
        return (int) Math.unsignedMultiplyHigh(next(), bound);
    }

    /** True in one of {@code times} draws. */
    boolean oneIn(int times) {
        return below(times) == 0;
    }

    boolean coin() {
        return next() < 0;
    }

    /** True in {@code sixteenths} of 16 draws. */
    boolean likely(int sixteenths) {
        return below(16) < sixteenths;
    }

    /** The bit with even chance, else 0. */
    long maybe(long bit) {
        return coin() ? bit : 0;
    }
}
