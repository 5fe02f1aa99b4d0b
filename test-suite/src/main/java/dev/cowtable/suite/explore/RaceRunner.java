package dev.cowtable.suite.explore;

import dev.cowtable.mm.spi.Design;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs a race under a design: with a seed, with a recorded schedule, or with seeds until one fails. */
public final class RaceRunner {
    /** A race of a few thousand steps that takes this many does not end. */
    private static final long STEP_LIMIT = 1_000_000;
    private static final int SHRINK_RUNS = 2_000;

    private RaceRunner() {
    }

    /** A seed under which a race fails, and how. */
    public record Finding(long seed, RaceResult result) {
    }

    public static RaceResult run(Race race, Design design, long seed) {
        return run(race, design, new RandomScheduler(seed));
    }

    /** Runs a schedule again. The same schedule of the same race and design has the same result. */
    public static RaceResult replay(Race race, Design design, Schedule schedule) {
        return run(race, design, new ReplayScheduler(schedule));
    }

    private static RaceResult run(Race race, Design design, Scheduler scheduler) {
        ScheduledExecutor executor = new ScheduledExecutor(scheduler, STEP_LIMIT);
        RaceTrial trial = new RaceTrial(race, design, executor);
        ScheduledExecutor.Outcome outcome = executor.run(trial.machine(), trial.bodies());
        List<String> violations = new ArrayList<>(outcome.failures());
        if (violations.isEmpty()) {
            violations.addAll(trial.check());
        }
        return new RaceResult(violations, outcome.schedule(), outcome.steps());
    }

    /** The first of the seeds from {@code firstSeed} on that fails. */
    public static Optional<Finding> search(Race race, Design design, long firstSeed, long seeds) {
        for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
            RaceResult result = run(race, design, seed);
            if (!result.ok()) {
                return Optional.of(new Finding(seed, result));
            }
        }
        return Optional.empty();
    }

    /**
     * A failing run with as few switches as dropping and moving single stretches of a failing schedule gets to.
     *
     * @return the result of the shrunk schedule; it fails too, though maybe otherwise
     */
    public static RaceResult shrink(Race race, Design design, RaceResult failing) {
        RaceResult best = failing;
        int runs = 0;
        boolean progress = true;
        while (progress && runs < SHRINK_RUNS) {
            progress = false;
            for (int i = 0; i < 2 * best.schedule().entries() - 1 && runs < SHRINK_RUNS; i++) {
                RaceResult smaller = replay(race, design, candidate(best.schedule(), i));
                runs++;
                if (!smaller.ok() && smaller.schedule().entries() < best.schedule().entries()) {
                    best = smaller;
                    progress = true;
                }
            }
        }
        return best;
    }

    /** Each entry left out, then each two neighbours swapped. */
    private static Schedule candidate(Schedule schedule, int i) {
        return i < schedule.entries() ? schedule.without(i) : schedule.swapped(i - schedule.entries());
    }
}
