package dev.cowtable.suite.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.explore.race.Races;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The designs that ship come through every race: under random schedules, and with real threads. */
@Timeout(300)
final class RaceTest {
    private static final List<String> LONG = List.of("fork-gup-pin", "break-stale-pde");
    private static final long LONG_SEEDS = 3000;
    private static final long SEEDS = 500;
    private static final int ROUNDS = 300;

    static Stream<Arguments> racesUnderDesigns() {
        return Races.all().stream().flatMap(race -> Stream.of("classic", "relaxed")
                .map(design -> Arguments.of(race.name(), design)));
    }

    @ParameterizedTest
    @MethodSource("racesUnderDesigns")
    void noSeedFails(String race, String design) {
        long seeds = LONG.contains(race) ? LONG_SEEDS : SEEDS;
        assertThat(RaceRunner.search(Races.named(race), Design.parse(design), 0, seeds)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("racesUnderDesigns")
    void realThreadsComeThroughEveryRound(String race, String design) throws InterruptedException {
        try (StressRunner stress = new StressRunner(Races.named(race), Design.parse(design))) {
            assertThat(stress.run(ROUNDS)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("racesUnderDesigns")
    void sameSeedAndItsScheduleHaveTheSameResult(String name, String design) {
        Race race = Races.named(name);
        Design under = Design.parse(design);
        for (long seed = 0; seed < 20; seed++) {
            RaceResult result = RaceRunner.run(race, under, seed);
            assertThat(result.schedule().length()).isGreaterThanOrEqualTo(result.steps());
            assertThat(RaceRunner.run(race, under, seed)).isEqualTo(result);
            assertThat(RaceRunner.replay(race, under, Schedule.parse(result.schedule().toString()))).isEqualTo(result);
        }
    }
}
