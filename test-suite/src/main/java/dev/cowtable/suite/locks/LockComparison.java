package dev.cowtable.suite.locks;

import dev.cowtable.mm.spi.Design;
import java.util.ArrayList;
import java.util.List;

/**
 * The same scene under several designs.
 *
 * @param totals by design, in the order asked for
 */
public record LockComparison(LockOptions options, List<Design> designs, List<LockTotals> totals) {
    public LockComparison {
        designs = List.copyOf(designs);
        totals = List.copyOf(totals);
    }

    /** Plays the scene under each design with every seed, each time on a machine of its own. */
    public static LockComparison of(LockOptions options, List<Design> designs) {
        List<LockTotals> totals = new ArrayList<>();
        for (Design design : designs) {
            LockTotals sum = new LockTotals();
            for (int i = 0; i < options.seeds() && sum.refusal() == null; i++) {
                new LockTrial(design, options, options.firstSeed() + i).run(sum);
            }
            totals.add(sum);
        }
        return new LockComparison(options, designs, totals);
    }

    /** True if no check failed; a design that refuses the scene has failed none. */
    public boolean passed() {
        return totals.stream().allMatch(sum -> sum.violations().isEmpty());
    }
}
