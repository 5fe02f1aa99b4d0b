package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.explore.race.Races;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class ExploreCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return new CommandLine(new ExploreCommand()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err))
                .execute(args);
    }

    @Test
    void withoutARaceTheRacesAreListed() {
        assertThat(run()).isZero();
        assertThat(out.toString()).contains(Races.all().stream().map(race -> race.name() + " ").toList());
    }

    @Test
    void goodDesignComesThrough() {
        assertThat(run("--race", "break-break", "--design", "relaxed", "--seed", "5", "--seeds", "10")).isZero();
        assertThat(out.toString()).contains("race break-break under relaxed: nothing found with seeds 5 to 14");
    }

    @Test
    void scheduleIsReplayed() {
        assertThat(run("--race", "break-break", "--design", "classic", "--replay", "1*3 0*5 1*200")).isZero();
        assertThat(out.toString()).contains("the schedule passes").contains("schedule 1*3 0*5 1*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--race no-such", "--race break-break --design no-such", "--race break-break --replay 0+3",
            "--race break-break --seeds 0", "--race break-break --seeds x", "--race break-break --replay 0 --seed 1",
            "--no-such"})
    void badUsageIsTwo(String line) {
        assertThat(run(line.split(" "))).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).isNotEmpty();
    }
}
