package dev.cowtable.suite.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.explore.race.Races;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The owner of a shared table changes hands while others look: once under the table's lock, and once as it was posted. */
final class OwnerRaceTest {
    private static final long SEEDS = 300;
    private static final List<String> RACES = List.of("two-write-faults", "two-breaks", "break-break", "break-exit",
            "break-stale-pde", "fork-neighbour-fault");
    /** ondemand refuses MADV_DONTNEED and pins. */
    private static final List<String> OF_OWNER = List.of("break-detach", "fork-gup-pin", "fork-gup-pin-ro");

    /** Two threads both see that their process owns the table, and both take its pages from RSS. */
    @Test
    void twoThreadsClearTheOwnerTwiceIfItIsNotUnderTheLock() {
        Design posted = Design.parse("owner:series=posted");
        RaceRunner.Finding finding = searchFor(posted);
        assertThat(RaceRunner.replay(Races.named("two-breaks"), posted, finding.result().schedule()).violations())
                .anyMatch(OwnerRaceTest::isWrongRss);
    }

    private static RaceRunner.Finding searchFor(Design design) {
        for (long seed = 0; seed < 20_000; seed++) {
            RaceRunner.Finding finding = RaceRunner.search(Races.named("two-breaks"), design, seed, 1).orElse(null);
            if (finding != null && finding.result().violations().stream().anyMatch(OwnerRaceTest::isWrongRss)) {
                return finding;
            }
        }
        throw new AssertionError("no schedule shows it");
    }

    private static boolean isWrongRss(String violation) {
        return violation.startsWith("I1 mm0 counts ") && violation.contains("ANONPAGES");
    }

    @ParameterizedTest
    @CsvSource({"owner", "ondemand"})
    void underTheLockNoScheduleGoesWrong(String design) {
        for (String race : RACES) {
            assertNothingFound(race, design);
        }
    }

    @Test
    void pinsAndDetachesOfOwnerGoWrongUnderNoSchedule() {
        for (String race : OF_OWNER) {
            assertNothingFound(race, "owner");
        }
    }

    private static void assertNothingFound(String race, String design) {
        assertThat(RaceRunner.search(Races.named(race), Design.parse(design), 0, SEEDS)).as(race).isEmpty();
    }
}
