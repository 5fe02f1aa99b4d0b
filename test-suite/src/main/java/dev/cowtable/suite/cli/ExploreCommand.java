package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.explore.Race;
import dev.cowtable.suite.explore.RaceResult;
import dev.cowtable.suite.explore.RaceRunner;
import dev.cowtable.suite.explore.Schedule;
import dev.cowtable.suite.explore.race.Races;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cowtable explore}: runs a race under many schedules, or one schedule again. */
@Command(name = "explore", description = "Explores interleavings of a small concurrent scenario.",
        footer = {"", "A schedule such as '0*12 1*3 0' lets CPU 0 take 12 steps, then CPU 1 three, then CPU 0 one.",
                "Exit codes: 0 nothing found, 1 a schedule fails, 2 bad usage."})
public final class ExploreCommand implements Callable<Integer> {
    private static final int FOUND = 1;
    private static final long DEFAULT_SEEDS = 1000;

    @Option(names = "--race", paramLabel = "NAME", description = "the scenario; without it they are listed")
    private @Nullable String race;

    @Option(names = "--design", paramLabel = "D", description = "the design (default: ${DEFAULT-VALUE})",
            defaultValue = "relaxed")
    private String design = "relaxed";

    @Option(names = "--seeds", paramLabel = "N", description = "how many seeds to try (default: 1000)")
    private @Nullable Long seeds;

    @Option(names = "--seed", paramLabel = "S",
            description = "the first seed (default: 0); without --seeds the only one")
    private @Nullable Long seed;

    @Option(names = "--replay", paramLabel = "SCHEDULE", description = "run this schedule instead")
    private @Nullable String replay;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            return race == null ? list(out) : explore(out, Races.named(race), Design.parse(design));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        } finally {
            out.flush();
        }
    }

    private static int list(PrintWriter out) {
        for (Race each : Races.all()) {
            out.printf("%-22s %s%n", each.name(), each.description());
        }
        return 0;
    }

    private int explore(PrintWriter out, Race chosen, Design under) {
        if (replay == null) {
            return search(out, chosen, under);
        }
        if (seed != null || seeds != null) {
            throw new IllegalArgumentException("--replay runs one schedule and takes no seeds");
        }
        RaceResult result = RaceRunner.replay(chosen, under, Schedule.parse(replay));
        out.printf("race %s under %s: the schedule %s, %d steps%n", chosen.name(), under,
                result.ok() ? "passes" : "fails",
                result.steps());
        print(out, result);
        return result.ok() ? 0 : FOUND;
    }

    private int search(PrintWriter out, Race chosen, Design under) {
        long first = seed == null ? 0 : seed;
        long count = seeds != null ? seeds : seed != null ? 1 : DEFAULT_SEEDS;
        if (count < 1) {
            throw new IllegalArgumentException("--seeds " + count + ": at least one is needed");
        }
        Optional<RaceRunner.Finding> finding = RaceRunner.search(chosen, under, first, count);
        if (finding.isEmpty()) {
            out.printf("race %s under %s: nothing found with seeds %d to %d%n", chosen.name(), under, first,
                    first + count - 1);
            return 0;
        }
        out.printf("race %s under %s: seed %d fails%n", chosen.name(), under, finding.get().seed());
        print(out, finding.get().result());
        RaceResult shortest = RaceRunner.shrink(chosen, under, finding.get().result());
        out.println("shortest schedule found from there");
        print(out, shortest);
        out.printf("again: cowtable explore --race %s --design %s --replay \"%s\"%n", chosen.name(), under,
                shortest.schedule());
        return FOUND;
    }

    private static void print(PrintWriter out, RaceResult result) {
        out.println("  schedule " + result.schedule());
        for (String violation : result.violations()) {
            out.println("  " + violation);
        }
    }
}
