package dev.cowtable.suite.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.suite.explore.race.Races;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each planted bug is found, its schedule has the same result again, and so has a shorter one. */
@Timeout(300)
final class PlantedBugsTest {
    /** Why so many: which seed finds a bug moves with every change of the code. The search ends at the first. */
    private static final long SEEDS = 20_000;

    @ParameterizedTest
    @CsvSource({"fork-gup-pin, classic", "fork-gup-pin, relaxed", "fork-gup-pin-ro, classic",
            "fork-gup-pin-ro, relaxed"})
    void withoutWriteProtectSeqAPinnedPageIsLost(String race, String fork) {
        Design design = PlantedBugs.withoutWriteProtectSeq(fork);
        assertFoundAndReplayed(race, design, sentence -> sentence.startsWith("the pinned frame holds"));
        assertThat(RaceRunner.search(Races.named(race), Design.parse(fork), 0, 100)).isEmpty();
    }

    @Test
    void shareDroppedBeforeTheFlushShowsPThePageOfC() {
        assertFoundAndReplayed("break-stale-pde", PlantedBugs.dropBeforeFlush(), "P reads 3 from page 8"::equals);
    }

    @Test
    void shareDroppedBeforeTheFlushShowsPMemoryThatIsFree() {
        assertFoundAndReplayed("break-exit", PlantedBugs.dropBeforeFlush(), s -> s.startsWith("P's reader reads"));
    }

    @Test
    void breakWithoutFlushIsFoundWithTheFirstSeed() {
        RaceResult result = RaceRunner.run(Races.named("break-stale-pde"), PlantedBugs.breakWithoutFlush(), 0);
        assertThat(result.violations()).anyMatch(s -> s.startsWith("FD "));
    }

    /** No schedule is needed: the debt is still owed when all is over. */
    @Test
    void breakWithoutFlushIsFoundByOneThread() {
        Race race = Races.named("break-break");
        assertThat(oneAfterTheOther(race, Design.parse("relaxed"))).isEmpty();
        assertThat(oneAfterTheOther(race, PlantedBugs.breakWithoutFlush())).anyMatch(s -> s.startsWith("FD "));
    }

    @Test
    void breakWithoutFlushIsFoundByRealThreads() throws InterruptedException {
        try (StressRunner stress = new StressRunner(Races.named("break-break"), PlantedBugs.breakWithoutFlush())) {
            assertThat(stress.run(1)).anyMatch(s -> s.startsWith("FD "));
        }
    }

    private static List<String> oneAfterTheOther(Race race, Design design) {
        RaceTrial trial = new RaceTrial(race, design, new SingleThreadExecutor());
        for (int i = 0; i < race.cpus(); i++) {
            trial.bodies().get(i).runEntered(trial.machine().cpu(i));
        }
        return trial.check();
    }

    /**
     * A pin of GUP-fast comes and goes at every place of a fork; only the first of the two designs may be disturbed.
     */
    @Test
    void passingPinDisturbsAForkThatLooksAtPinsTwice() {
        assertThat(passingPinAnywhere(PlantedBugs.noPinAfterTheLook())).isFalse();
        assertThat(passingPinAnywhere(Design.parse("relaxed"))).isTrue();
    }

    private static boolean passingPinAnywhere(Design design) {
        boolean ok = true;
        for (int begun = 5; begun <= 7; begun++) {
            for (int forked = 32; forked < 1024; forked += 12) {
                for (int held = 1; held <= 5; held++) {
                    Schedule schedule = Schedule.parse("1*" + begun + " 0*" + forked + " 1*" + held + " 0*2000");
                    ok &= RaceRunner.replay(Races.named("fork-gup-pin"), design, schedule).ok();
                }
            }
        }
        return ok;
    }

    private static void assertFoundAndReplayed(String name, Design design, Predicate<String> symptom) {
        Race race = Races.named(name);
        RaceRunner.Finding finding = RaceRunner.search(race, design, 0, SEEDS).orElseThrow();
        RaceResult found = finding.result();
        assertThat(found.violations()).anyMatch(symptom);
        assertThat(RaceRunner.run(race, design, finding.seed())).isEqualTo(found);
        assertThat(RaceRunner.replay(race, design, Schedule.parse(found.schedule().toString()))).isEqualTo(found);
        RaceResult shrunk = RaceRunner.shrink(race, design, found);
        assertThat(shrunk.violations()).isNotEmpty();
        assertThat(shrunk.schedule().entries()).isLessThanOrEqualTo(found.schedule().entries());
        assertThat(RaceRunner.replay(race, design, shrunk.schedule())).isEqualTo(shrunk);
    }
}
