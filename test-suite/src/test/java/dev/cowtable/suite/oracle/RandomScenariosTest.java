package dev.cowtable.suite.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.property.Profile;
import dev.cowtable.suite.property.Program;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class RandomScenariosTest {
    @Test
    void everyOperationIsFollowedByAnObservationAndTheEndBySums() {
        Program program = Program.of("file F pages=1", "P0 mmap A pages=1", "P0 write A+0 1");
        Scenario scenario = RandomScenarios.observed(program, "random-1");
        assertThat(scenario.name()).isEqualTo("random-1");
        assertThat(scenario.ops()).extracting(op -> op.src().text()).containsExactly("P0 mmap A pages=1", "observe",
                "P0 write A+0 1", "observe", "drain", "observe", "smaps");
    }

    @ParameterizedTest
    @EnumSource
    void aSeedGivesOneScenarioOfItsKind(Profile kind) {
        List<Op> ops = RandomScenarios.observed(RandomScenarios.program(kind, 7), "a").ops();
        assertThat(RandomScenarios.observed(RandomScenarios.program(kind, 7), "b").ops()).isEqualTo(ops);
        assertThat(RandomScenarios.observed(RandomScenarios.program(kind, 8), "b").ops()).isNotEqualTo(ops);
    }
}
