package dev.cowtable.suite.kit;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.explore.Race;
import dev.cowtable.suite.explore.RaceResult;
import dev.cowtable.suite.explore.RaceRunner;
import dev.cowtable.suite.explore.race.Races;
import dev.cowtable.suite.litmus.run.RunOptions;
import dev.cowtable.suite.property.DesignComparison;
import dev.cowtable.suite.property.ModelComparison;
import dev.cowtable.suite.property.Profile;
import dev.cowtable.suite.property.Program;
import dev.cowtable.suite.property.RandomComparison;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * All that a design is tried with: shipped scenarios beside their records, random programs, failing allocations, races; the invariants
 * throughout.
 *
 * <p>Every check boots machines of its own, so that checks can be run in any order and one by one.
 */
public final class Kit {
    private static final String REFUSAL = UnsupportedOperationException.class.getName();

    static final String RANDOM = "random programs";
    static final String RACES = "races";

    private Kit() {
    }

    /** Tries everything and reports. */
    public static KitReport run(Design design) {
        return run(design, KitEffort.DEFAULT);
    }

    /** Tries everything and reports. */
    public static KitReport run(Design design, KitEffort effort) {
        KitReport report = new KitReport(design.toString(), Claim.of(design));
        for (KitCheck check : checks(design, effort)) {
            report.add(check, check.run());
        }
        return report;
    }

    /** The checks, in the order of the report. */
    public static List<KitCheck> checks(Design design, KitEffort effort) {
        return checks(design, Claim.of(design), effort);
    }

    /** The checks for a design from which no more is asked than this. */
    static List<KitCheck> checks(Design design, Claim claim, KitEffort effort) {
        List<KitCheck> checks = new ArrayList<>();
        for (ShippedScenario shipped : ShippedScenario.all()) {
            checks.add(new KitCheck(shipped.group(), shipped.scenario().name(), () -> ScenarioTrial
                    .run(shipped, design, new RunOptions(TlbPolicy.NONE, true)).outcome()));
        }
        for (Profile profile : Profile.values()) {
            checks.add(new KitCheck(RANDOM, profile.name().toLowerCase(Locale.ROOT),
                    () -> random(design, claim, profile, effort)));
        }
        for (int i = 0; i < InjectedFailures.PROGRAMS.size(); i++) {
            Program program = InjectedFailures.PROGRAMS.get(i);
            checks.add(new KitCheck("failing allocations", "program " + (i + 1),
                    () -> InjectedFailures.run(design, program)));
        }
        for (Race race : Races.all()) {
            checks.add(new KitCheck(RACES, race.name(), () -> race(design, race, effort)));
        }
        return checks;
    }

    /** Beside classic, or if no more is claimed beside the model of user memory. */
    private static KitOutcome random(Design design, Claim claim, Profile profile, KitEffort effort) {
        RandomComparison.Comparison comparison =
                claim == Claim.EXACT ? DesignComparison::run : ModelComparison::run;
        PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        RandomComparison.Finding finding = RandomComparison.run(Design.parse("classic"), design, profile, comparison,
                effort.seed(), effort.programs(), silent);
        return finding == null ? KitOutcome.PASSED : KitOutcome.differs(finding.toString());
    }

    static KitOutcome race(Design design, Race race, KitEffort effort) {
        return RaceRunner.search(race, design, effort.seed(), effort.schedules()).map(finding -> {
            RaceResult failing = finding.result();
            if (failing.violations().stream().anyMatch(violation -> violation.contains(REFUSAL))) {
                return KitOutcome.unsupported(race.name() + ": " + failing.violations().getFirst());
            }
            RaceResult shrunk = RaceRunner.shrink(race, design, failing);
            return KitOutcome.differs(race.name() + " (" + race.description() + "), seed " + finding.seed() + ": "
                    + String.join("; ", shrunk.violations()) + "\nschedule " + shrunk.schedule());
        }).orElse(KitOutcome.PASSED);
    }
}
