package dev.cowtable.suite.bench;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.explore.RaceRunner;
import dev.cowtable.suite.explore.StressRunner;
import dev.cowtable.suite.explore.race.Races;

/**
 * Runs a race under the exploring executor and under real threads before a benchmark.
 *
 * <p>Why: with one executor loaded the compiler would drop the hooks; figures are for a JVM in which all of them have run.
 */
final class LoadEverything {
    private static final int SCHEDULES = 50;
    private static final int ROUNDS = 20;

    private LoadEverything() {
    }

    static void run() {
        Design classic = Design.parse("classic");
        for (int seed = 0; seed < SCHEDULES; seed++) {
            RaceRunner.run(Races.all().getFirst(), classic, seed);
        }
        try (StressRunner threads = new StressRunner(Races.all().getFirst(), classic)) {
            threads.run(ROUNDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
