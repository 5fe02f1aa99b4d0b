package dev.cowtable.suite.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each bug of the past is caught under classic and relaxed, by what users see of it; nothing is without the bug. */
@Timeout(300)
class HistoricalBugsTest {
    private static final List<String> DESIGNS = List.of("classic", "relaxed");

    @TempDir
    private Path folder = Path.of(".");

    static Stream<Mutant> mutants() {
        return HistoricalBugs.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutants")
    void plantedAgainItIsCaught(Mutant mutant) throws IOException {
        try (MutatedLab lab = MutatedLab.of(mutant.edits(), folder)) {
            for (String design : DESIGNS) {
                assertThat(run(lab, mutant, design)).as(mutant + " under " + design).contains(mutant.symptom());
            }
        }
    }

    @Test
    void withoutItNothingIsWrong() throws IOException {
        try (MutatedLab lab = MutatedLab.of(List.of(), folder)) {
            for (String design : DESIGNS) {
                mutants().forEach(mutant -> assertThat(run(lab, mutant, design)).as(mutant + " under " + design)
                        .isEqualTo("null"));
            }
        }
    }

    /** What H52 adds to the wrong order does no harm in the right one. */
    @Test
    void speculationAloneIsHarmless() throws IOException {
        try (MutatedLab lab = MutatedLab.of(HistoricalBugs.SPECULATION.edits(), folder)) {
            assertThat(run(lab, HistoricalBugs.SPECULATION, "classic")).isEqualTo("null");
        }
    }

    @Test
    void pageNamesEachOfThem() throws IOException {
        String page = Files.readString(Path.of("docs/history.md"));
        mutants().forEach(mutant -> assertThat(page).contains("| " + mutant.id() + " | " + mutant.title() + " |"));
    }

    private static String run(MutatedLab lab, Mutant mutant, String design) {
        return String.valueOf(lab.call(mutant.shownBy().name().toLowerCase(Locale.ROOT), mutant.sequence(), design));
    }
}
