package dev.cowtable.suite.property;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A long run of random programs outside a build, under the three TLB policies in turn.
 *
 * <p>Program {@code i} of seed {@code s} is the one drawn from seed {@code s + i}, so that each can be run again by itself.
 */
public final class RandomComparison {
    private static final int REPORT_EVERY = 10_000;

    private RandomComparison() {}

    /**
     * What a run found.
     *
     * @param seed the failing program's own seed
     * @param program the program, shrunk
     */
    public record Finding(long seed, TlbPolicy tlbPolicy, Program program, Difference difference) {
        @Override
        public String toString() {
            return "seed " + seed + " under TLB policy " + tlbPolicy + ", shrunk:" + program + difference;
        }
    }

    /** A program under two designs: {@link DesignComparison#run} or {@link DesignComparison#runWhole}. */
    @FunctionalInterface
    public interface Comparison {
        @Nullable
        Difference of(Program program, Design first, Design second, TlbPolicy tlbPolicy);
    }

    /** Compares {@code programs} programs of the {@link Profile#FORK} kind; the first that shows a difference, or null. */
    public static @Nullable Finding run(Design first, Design second, long seed, int programs, PrintStream progress) {
        return run(first, second, Profile.FORK, DesignComparison::run, seed, programs, progress);
    }

    /** Compares {@code programs} programs of a kind; the first that shows a difference, or null. */
    public static @Nullable Finding run(Design first, Design second, Profile profile, Comparison comparison, long seed,
            int programs, PrintStream progress) {
        for (int i = 0; i < programs; i++) {
            Finding finding = runOne(first, second, profile, comparison, seed + i);
            if (finding != null) {
                return finding;
            }
            if ((i + 1) % REPORT_EVERY == 0) {
                progress.println((i + 1) + " programs without a difference");
            }
        }
        return null;
    }

    private static @Nullable Finding runOne(Design first, Design second, Profile profile, Comparison comparison,
            long seed) {
        Program program = ProgramGenerator.generate(new Random(seed), profile);
        TlbPolicy policy = TlbPolicy.values()[(int) Math.floorMod(seed, (long) TlbPolicy.values().length)];
        Function<Program, @Nullable Difference> compare =
                candidate -> comparison.of(candidate, first, second, policy);
        return compare.apply(program) == null ? null : shrunk(compare, seed, policy, program);
    }

    private static Finding shrunk(Function<Program, @Nullable Difference> compare, long seed, TlbPolicy policy,
            Program failing) {
        Program small = ProgramShrinker.shrink(failing, candidate -> compare.apply(candidate) != null);
        Difference difference = compare.apply(small);
        if (difference == null) {
            throw new IllegalStateException("the program of seed " + seed + " does not fail twice");
        }
        return new Finding(seed, policy, small, difference);
    }

    private static Comparison comparison(String kind) {
        String[] words = kind.split("=", 2);
        return switch (words[0]) {
            case "folios" -> DesignComparison.withFolios(Integer.parseInt(words[1]));
            case "model" -> ModelComparison.withFolios(Integer.parseInt(words[1]));
            default -> DesignComparison::runWhole;
        };
    }

    /** {@code FIRST SECOND PROGRAMS [SEED [PROFILE [whole|folios=ORDER|model=ORDER]]]}; exit code 1 if a difference was found. */
    public static void main(String[] args) {
        long seed = args.length > 3 ? Long.parseLong(args[3]) : 1;
        int programs = Integer.parseInt(args[2]);
        Profile profile = args.length > 4 ? Profile.valueOf(args[4].toUpperCase(Locale.ROOT)) : Profile.FORK;
        Comparison comparison = args.length > 5 ? comparison(args[5]) : DesignComparison::run;
        Finding finding =
                run(Design.parse(args[0]), Design.parse(args[1]), profile, comparison, seed, programs, System.out);
        System.out.println(finding != null ? finding : programs + " programs of kind " + profile + ", seeds " + seed
                + " to " + (seed + programs - 1) + ": no difference between " + args[0] + " and " + args[1]);
        System.exit(finding == null ? 0 : 1);
    }
}
