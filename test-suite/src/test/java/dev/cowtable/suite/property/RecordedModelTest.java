package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.SampleFiles;
import dev.cowtable.suite.litmus.Scenario;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The model against what a real kernel answered: every result of every recorded scenario that it knows all operations of. */
final class RecordedModelTest {
    private static final Set<String> REFUSED = Set.of("106-file-private-fork", "111-file-truncate",
            "112-file-punch-hole",
            "121-ksm-unmerge", "126-thp-zero", "131-thp-collapse", "136-mem-force-shared-ro", "156-uffd-wp-unpopulated",
            "157-uffd-missing", "176-thp-pte-mapped-reuse", "211-rand-vma-45", "216-rand-all-52");

    static Stream<String> known() {
        return SampleFiles.names().stream().filter(name -> !REFUSED.contains(name));
    }

    static Stream<String> refused() {
        return REFUSED.stream();
    }

    @ParameterizedTest
    @MethodSource("known")
    void everyResultIsOneThatTheModelAllows(String name) {
        MemoryModel model = new MemoryModel();
        List<String> recorded = recordedResults(name);
        for (Op op : SampleFiles.scenario(name).ops()) {
            Prediction prediction = model.perform(op);
            String result = recorded.get(op.src().number() - 1);
            assertThat(prediction.allows(result)).as("%s => %s, model: %s", op.src().text(), result, prediction)
                    .isTrue();
            prediction.settle(result);
        }
    }

    @ParameterizedTest
    @MethodSource("refused")
    void scenarioWithFilesUserfaultfdKsmOrHugePagesIsRefused(String name) {
        MemoryModel model = new MemoryModel();
        Scenario scenario = SampleFiles.scenario(name);
        assertThatCode(() -> scenario.ops().forEach(model::perform))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void allButOneOfTheResultsAreForetoldExactly() {
        long vague = known().flatMap(name -> {
            MemoryModel model = new MemoryModel();
            return SampleFiles.scenario(name).ops().stream().map(model::perform);
        }).filter(prediction -> prediction instanceof Prediction.Values || prediction instanceof Prediction.OneOf)
                .count();
        assertThat(vague).isEqualTo(1);
    }

    private static List<String> recordedResults(String name) {
        return SampleFiles.expected(name).lines().filter(line -> !line.startsWith(" "))
                .map(line -> line.substring(line.indexOf(" => ") + 4).replaceFirst(" min=[0-9]+ maj=[0-9]+$", "")
                        .strip())
                .toList();
    }
}
