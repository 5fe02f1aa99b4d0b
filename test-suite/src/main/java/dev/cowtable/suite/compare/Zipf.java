package dev.cowtable.suite.compare;

import java.util.SplittableRandom;

/**
 * Ranks 1 to n with probability proportional to rank^-0.99, the distribution of YCSB's requests.
 *
 * <p>Rejection-inversion (W. Hörmann, G. Derflinger, 1996): no table, few draws of the generator for each rank.
 */
final class Zipf {
    private static final double EXPONENT = 0.99;

    private final int n;
    private final double integralFirst;
    private final double integralLast;
    private final double acceptBelow;

    Zipf(int n) {
        this.n = n;
        integralFirst = integral(1.5) - 1;
        integralLast = integral(n + 0.5);
        acceptBelow = 2 - inverse(integral(2.5) - density(2));
    }

    int rank(SplittableRandom random) {
        while (true) {
            double u = integralLast + random.nextDouble() * (integralFirst - integralLast);
            double x = inverse(u);
            int rank = Math.clamp(Math.round(x), 1, n);
            if (rank - x <= acceptBelow || u >= integral(rank + 0.5) - density(rank)) {
                return rank;
            }
        }
    }

    private static double density(double x) {
        return Math.exp(-EXPONENT * Math.log(x));
    }

    /** Integral of the density from 1 to x. */
    private static double integral(double x) {
        return Math.expm1((1 - EXPONENT) * Math.log(x)) / (1 - EXPONENT);
    }

    private static double inverse(double y) {
        return Math.exp(Math.log1p(Math.max(-1, y * (1 - EXPONENT))) / (1 - EXPONENT));
    }
}
