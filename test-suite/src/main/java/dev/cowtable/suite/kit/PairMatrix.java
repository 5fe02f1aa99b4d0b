package dev.cowtable.suite.kit;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.GupStrategyProvider;
import dev.cowtable.suite.kit.KitOutcome.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fork strategies beside GUP flavours: which pairs give every read the right bytes, and for each other what shows it.
 *
 * <p>Of the kit all scenarios are tried, and what pins.
 */
public final class PairMatrix {
    private final List<Pair> pairs = new ArrayList<>();

    /**
     * A pair and what it does wrong.
     *
     * @param firstCheck group and name of the first check that fails, null if none does
     * @param text what the check saw, empty if none fails
     */
    public record Pair(Design design, @Nullable String firstCheck, String text) {
        /** Whether no check met wrong bytes, a broken invariant or a leak. */
        public boolean isSound() {
            return firstCheck == null;
        }
    }

    /** Tries each of the fork designs with each GUP flavour that is there. */
    public static PairMatrix of(List<Design> forks, KitEffort effort) {
        PairMatrix matrix = new PairMatrix();
        for (Design fork : forks) {
            for (GupStrategyProvider gup : Design.gups()) {
                matrix.pairs.add(tryOut(new Design(fork.fork(), fork.options(), gup), effort));
            }
        }
        return matrix;
    }

    private static Pair tryOut(Design design, KitEffort effort) {
        for (KitCheck check : Kit.checks(design, Claim.BYTES, effort).stream().filter(PairMatrix::mayPin).toList()) {
            KitOutcome outcome = check.run();
            if (outcome.verdict() == Verdict.DIFFERS) {
                return new Pair(design, check.group() + "/" + check.name(), outcome.text());
            }
        }
        return new Pair(design, null, "");
    }

    private static boolean mayPin(KitCheck check) {
        return check.group().startsWith("litmus") || switch (check.group()) {
            case Kit.RANDOM -> check.name().equals("pin") || check.name().equals("fork");
            case Kit.RACES -> check.name().startsWith("fork-gup");
            default -> false;
        };
    }

    public List<Pair> pairs() {
        return List.copyOf(pairs);
    }
}
