package dev.cowtable.suite.history;

import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.explore.Race;
import dev.cowtable.suite.explore.RaceResult;
import dev.cowtable.suite.explore.RaceRunner;
import dev.cowtable.suite.explore.Schedule;
import dev.cowtable.suite.explore.race.HistoricalRaces;
import dev.cowtable.suite.explore.race.Races;
import dev.cowtable.suite.kit.Kit;
import dev.cowtable.suite.kit.KitCheck;
import dev.cowtable.suite.kit.KitEffort;
import dev.cowtable.suite.kit.KitOutcome;
import dev.cowtable.suite.property.Difference;
import dev.cowtable.suite.property.ModelComparison;
import dev.cowtable.suite.property.Profile;
import dev.cowtable.suite.property.Program;
import dev.cowtable.suite.property.ProgramGenerator;
import dev.cowtable.suite.property.ProgramShrinker;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What users do, run on whatever laboratory this class was loaded into; each says what is wrong, or null. */
final class Sequences {
    /** Why so many: which seed finds a bug moves with every change of the code. The search ends at the first. */
    private static final long SCHEDULES = 2_000;
    private static final int LAST_STOP = 500;
    private static final String TO_THE_END = "*9999 ";

    private Sequences() {
    }

    /** A program against the model of user memory, all invariants checked after each operation. */
    static @Nullable String program(String lines, String design) {
        Difference difference = compare(program(lines), design);
        return difference == null ? null : difference.toString();
    }

    private static Program program(String lines) {
        return new Program(List.of(lines.split("; ")));
    }

    private static @Nullable Difference compare(Program program, String design) {
        return ModelComparison.run(program, Design.parse(design), TlbPolicy.ADVERSARIAL);
    }

    /** The program without what is not needed for something to be wrong, or null. */
    static @Nullable String shrunk(String lines, String design) {
        Program small = ProgramShrinker.shrink(program(lines), smaller -> compare(smaller, design) != null);
        return String.join("; ", small.lines());
    }

    /** The first of many random programs that goes wrong, shrunk, or null. */
    static @Nullable String search(String profile, String design) {
        for (long seed = 0; seed < 3_000; seed++) {
            String lines =
                    String.join("; ", ProgramGenerator.generate(new Random(seed), Profile.valueOf(profile)).lines());
            if (program(lines, design) != null) {
                return shrunk(lines, design);
            }
        }
        return null;
    }

    /** A race under many schedules; the sentences and, after a line end, the shortest schedule. */
    static @Nullable String race(String name, String design) {
        Race race = Stream.concat(Races.all().stream(), HistoricalRaces.all().stream())
                .filter(candidate -> candidate.name().equals(name)).findFirst().orElseThrow();
        Design parsed = Design.parse(design);
        RaceResult failing = stoppedOnce(race, parsed);
        if (failing == null) {
            failing = RaceRunner.search(race, parsed, 0, SCHEDULES).map(RaceRunner.Finding::result).orElse(null);
        }
        if (failing == null) {
            return null;
        }
        RaceResult shrunk = RaceRunner.shrink(race, parsed, failing);
        return String.join("; ", shrunk.violations()) + "\n" + shrunk.schedule();
    }

    /** One body is stopped at each of its steps in turn while the others run to their ends, in either order; the first failure. */
    private static @Nullable RaceResult stoppedOnce(Race race, Design design) {
        int cpus = race.cpus();
        for (int steps = 1; steps < LAST_STOP; steps++) {
            for (int first = 0; first < cpus; first++) {
                for (int turn = 1; turn < cpus; turn++) {
                    int second = (first + turn) % cpus;
                    int third = cpus == 3 ? 3 - first - second : first;
                    RaceResult failing = firstFailing(race, design, stopped(first, steps, second, third, ""), stopped(
                            first, steps, second, third, first + "*1 " + third + "*1 " + second + TO_THE_END));
                    if (failing != null) {
                        return failing;
                    }
                }
            }
        }
        return null;
    }

    /** What answers the second body's IPI and goes no further, if that is asked for, comes before the third body. */
    private static String stopped(int first, int steps, int second, int third, String answers) {
        return first + "*" + steps + " " + second + TO_THE_END + answers + third + TO_THE_END + first + TO_THE_END;
    }

    private static @Nullable RaceResult firstFailing(Race race, Design design, String... schedules) {
        for (String schedule : schedules) {
            RaceResult result = RaceRunner.replay(race, design, Schedule.parse(schedule));
            if (!result.ok()) {
                return result;
            }
        }
        return null;
    }

    /** The kit's failing allocations. */
    static @Nullable String injection(String program, String design) {
        for (KitCheck check : Kit.checks(Design.parse(design), KitEffort.QUICK)) {
            KitOutcome outcome =
                    check.group().equals("failing allocations") && check.name().equals(program) ? check.run() : null;
            if (outcome != null && outcome.verdict() == KitOutcome.Verdict.DIFFERS) {
                return outcome.text();
            }
        }
        return null;
    }

    /** A page on its way to another frame while its process forks. */
    static @Nullable String scene(String name, String design) {
        return MigrationScene.run(design);
    }

    // ---------------------------------------------------------------- forgetful doors to tables: BadPmdPlaces

    /** A story while one place is forgetful, none for 0; what the checks say and, after a line end, what users see, or null. */
    static @Nullable String forgetful(String place, String story, String design) throws ReflectiveOperationException {
        PageTables.class.getField("forgetful").setInt(null, Integer.parseInt(place));
        return story.equals(MigrationWait.SEQUENCE) ? MigrationWait.run(design) : Story.wrong(story, design);
    }

    /** How often a place was reached, and by how many write-protected entries. */
    static String arrivals(String place) throws ReflectiveOperationException {
        int number = Integer.parseInt(place);
        int[] asked = (int[]) PageTables.class.getField("ASKED").get(null);
        int[] arrived = (int[]) PageTables.class.getField("ARRIVED").get(null);
        return asked[number] + " " + arrived[number];
    }

    /** The first of some random programs that goes wrong, or null. */
    static @Nullable String random(String programs, String design) {
        for (long seed = 0; seed < Integer.parseInt(programs); seed++) {
            Difference difference = compare(ProgramGenerator.generate(new Random(seed), Profile.ALL), design);
            if (difference != null) {
                return seed + ": " + difference;
            }
        }
        return null;
    }
}
