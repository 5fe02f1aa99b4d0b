package dev.cowtable.suite.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.SampleFiles;
import dev.cowtable.suite.litmus.Scenario;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ScenarioTextTest {
    static Stream<String> names() {
        return SampleFiles.names().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void theTextParsesToTheSameScenario(String name) {
        Scenario scenario = SampleFiles.scenario(name);
        Scenario again = LitmusParser.parse(name, ScenarioText.of(scenario));
        assertThat(echoes(again)).isEqualTo(echoes(scenario));
        assertThat(again.files()).isEqualTo(scenario.files());
        assertThat(again.definitions()).isEqualTo(scenario.definitions());
        assertThat(again.description()).isEqualTo(scenario.description());
    }

    private static List<String> echoes(Scenario scenario) {
        return scenario.ops().stream().map(op -> op.src().number() + "| " + op.src().text()).toList();
    }
}
