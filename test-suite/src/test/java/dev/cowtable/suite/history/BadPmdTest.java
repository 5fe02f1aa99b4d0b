package dev.cowtable.suite.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.LitmusSyntaxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each place that forgets that a write-protected PMD entry points at a table is caught, or no such entry arrives there; where entries are
 * only marked, no place needs to know anything.
 */
@Timeout(120)
class BadPmdTest {
    private static final List<BadPmdPlace> PLACES = BadPmdPlaces.all();
    private static final String PROTECTED = "relaxed";
    private static final String MARKED = "relaxed:pmd=marked";
    private static final String PROGRAMS = "200";
    private static final Pattern INVARIANT = Pattern.compile("\\b(I\\d|AE|RM|SW|LR|FD|LK)\\b");

    @TempDir
    private static Path folder = Path.of(".");
    private static MutatedLab lab;

    @BeforeAll
    static void makesAllPlacesForgetful() throws IOException {
        lab = MutatedLab.of(BadPmdPlaces.edits(), folder);
    }

    @AfterAll
    static void closes() throws IOException {
        lab.close();
    }

    static Stream<BadPmdPlace> arrivedAt() {
        return PLACES.stream().filter(BadPmdPlace::seesProtected);
    }

    static Stream<BadPmdPlace> others() {
        return PLACES.stream().filter(place -> !place.seesProtected());
    }

    private static String number(BadPmdPlace place) {
        return String.valueOf(PLACES.indexOf(place) + 1);
    }

    private static String run(String number, String sequence, String design) {
        return String.valueOf(lab.call("forgetful", number, sequence, design));
    }

    private static String users(String result) {
        return result.substring(result.indexOf('\n') + 1);
    }

    /** The names of the invariants that are broken. */
    private static String checks(String result) {
        String text = result.substring(0, Math.max(0, result.indexOf('\n')));
        List<String> names = INVARIANT.matcher(text).results().map(MatchResult::group).toList();
        return names.isEmpty() ? "nothing" : String.join(" ", new TreeSet<>(names));
    }

    // ---------------------------------------------------------------- caught

    @ParameterizedTest(name = "{0}")
    @MethodSource("arrivedAt")
    void placeThatForgetsIsSeenByUsers(BadPmdPlace place) {
        assertThat(users(run(number(place), place.sequence(), PROTECTED))).isEqualTo(place.caught());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("arrivedAt")
    void noPartOfItsSequenceCanBeLeftOut(BadPmdPlace place) {
        String whole = run(number(place), place.sequence(), PROTECTED);
        List<String> lines = List.of(place.sequence().split("; "));
        for (int i = 0; i < lines.size() && !place.sequence().equals(MigrationWait.SEQUENCE); i++) {
            List<String> fewer = new ArrayList<>(lines);
            fewer.remove(i);
            String result = resultOrReason(number(place), String.join("; ", fewer));
            assertThat(checks(result) + users(result)).as("without " + lines.get(i))
                    .isNotEqualTo(checks(whole) + users(whole));
        }
    }

    private static String resultOrReason(String number, String sequence) {
        try {
            return run(number, sequence, PROTECTED);
        } catch (IllegalStateException e) {
            assertThat(Objects.requireNonNull(e.getCause()).getClass().getSimpleName()).isIn(
                    LitmusSyntaxException.class.getSimpleName(),
                    IllegalArgumentException.class.getSimpleName());
            return "cannot be done";
        }
    }

    @Test
    void markedEntriesNeedNoPlaceToKnow() {
        PLACES.forEach(place -> assertThat(run(number(place), place.sequence(), MARKED)).as(place.function())
                .isEqualTo("null"));
    }

    @Test
    void nothingIsWrongWhileNoPlaceForgets() {
        PLACES.forEach(
                place -> assertThat(run("0", place.sequence(), PROTECTED)).as(place.function()).isEqualTo("null"));
    }

    // ---------------------------------------------------------------- not caught

    @Test
    void protectedEntriesArriveAtTheListedPlacesOnly() {
        PLACES.forEach(place -> run("0", place.sequence(), PROTECTED));
        assertThat(lab.call("random", PROGRAMS, PROTECTED)).isNull();
        assertThat(lab.call("random", PROGRAMS, PROTECTED + ":rmap=inplace")).isNull();
        for (BadPmdPlace place : PLACES) {
            String[] counts = String.valueOf(lab.call("arrivals", number(place))).split(" ", -1);
            assertThat(counts[0].equals("0")).as(place + " is never reached")
                    .isEqualTo(place.reason().startsWith(BadPmdPlace.NOT_REACHED));
            assertThat(counts[1].equals("0")).as(place + " sees none").isEqualTo(!place.seesProtected());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("others")
    void placeAtWhichNoneArrivesMayForget(BadPmdPlace place) {
        assertThat(run(number(place), place.sequence(), PROTECTED)).isEqualTo("null");
    }

    // ---------------------------------------------------------------- the page

    private static String row(BadPmdPlace place) {
        String result = run(number(place), place.sequence(), PROTECTED);
        String start = "| " + place.function() + " | " + place.file() + " | ";
        String sequence = "`" + place.sequence() + "`";
        return place.seesProtected()
                ? start + place.forgotten() + " | " + place.ours() + " | " + sequence + " | " + users(result) + " | "
                        + checks(result) + " |"
                : start + place.ours() + " | " + sequence + " | " + place.reason() + " |";
    }

    @Test
    void pageHoldsTheRowOfEachOfThem() throws IOException {
        List<String> page = Files.readString(Path.of("docs/pmd-bad.md")).lines().toList();
        List<String> rows = PLACES.stream().map(BadPmdTest::row).toList();
        assertThat(rows.stream().filter(row -> !page.contains(row))).as("not on the page").isEmpty();
        List<String> listed =
                page.stream().filter(line -> line.split(" \\| ").length > 3 && line.contains(".c")).toList();
        assertThat(listed).as("rows of nothing").isSubsetOf(rows);
    }

    @Test
    void pageNamesWhatNeedsNone() throws IOException {
        String page = Files.readString(Path.of("docs/pmd-bad.md"));
        assertThat(BadPmdPlaces.EXEMPT).allMatch(exempt -> page.contains(exempt.reason()));
        assertThat(page).contains("(history.md)");
        assertThat(Files.readString(Path.of("docs/history.md"))).contains("(pmd-bad.md)");
    }
}
