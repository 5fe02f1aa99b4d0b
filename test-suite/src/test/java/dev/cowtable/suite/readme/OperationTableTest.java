package dev.cowtable.suite.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row of the table of operations has its five columns and names tests that exist. */
class OperationTableTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path LITMUS = ROOT.resolve("test-suite/src/main/resources/litmus");
    private static final Pattern NAME = Pattern.compile("`([^`]+)`");
    private static final int COLUMNS = 5;

    /** Sources of all test classes by simple name; some names occur in two modules. */
    private static final Map<String, String> SOURCES = sources();

    record Row(String operation, List<String> cells, List<String> tests) {}

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> sources() {
        Map<String, String> sources = new HashMap<>();
        for (String module : List.of("mm-core", "mm-fork", "mm-gup", "test-suite")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(file -> sources.merge(
                        file.getFileName().toString().replace(".java", ""), read(file), String::concat));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return sources;
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (String line : read(ROOT.resolve("test-suite/docs/operations.md")).lines().toList()) {
            List<String> cells = List.of(line.strip().replaceAll("^\\||\\|$", "").split("\\|", -1));
            boolean head = line.contains("---") || line.contains("shown by |");
            if (line.startsWith("|") && cells.size() > 2 && !head) {
                List<String> tests =
                        NAME.matcher(cells.getLast()).results().map(result -> result.group(1)).toList();
                rows.add(new Row(cells.getFirst().strip(), cells, tests));
            }
        }
        return rows;
    }

    static Stream<Arguments> operations() {
        return rows().stream().map(row -> Arguments.of(row.operation(), row));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void rowIsCompleteAndItsTestsExist(String operation, Row row) {
        assertThat(row.cells()).hasSize(COLUMNS).noneMatch(String::isBlank);
        assertThat(row.tests()).isNotEmpty();
        for (String test : row.tests()) {
            assertThat(exists(test)).as(test).isTrue();
        }
    }

    private static boolean exists(String test) {
        if (test.endsWith(".txt")) {
            return Files.exists(LITMUS.resolve(test))
                    && Files.exists(LITMUS.resolve(test.replace(".txt", ".expected")));
        }
        String[] parts = test.split("#", 2);
        String source = SOURCES.getOrDefault(parts[0], "");
        return parts.length == 2 && Pattern.compile(" void " + Pattern.quote(parts[1]) + "\\(").matcher(source).find();
    }

    @Test
    void everyScenarioOfOperationsIsNamed() throws IOException {
        List<String> named = rows().stream().flatMap(row -> row.tests().stream()).distinct().toList();
        try (Stream<Path> files = Files.list(LITMUS.resolve("ops"))) {
            assertThat(files.map(file -> "ops/" + file.getFileName()).filter(name -> name.endsWith(".txt")))
                    .allMatch(named::contains);
        }
    }

    @Test
    void theReadmeLeadsToTheTable() {
        assertThat(read(ROOT.resolve("README.md"))).contains("test-suite/docs/operations.md");
    }

    @Test
    void aNameThatDoesNotExistIsFound() {
        assertThat(exists("ForkBasicsTest#forkAddsNoPteTable")).isTrue();
        assertThat(exists("ForkBasicsTest#forkAddsNoPte")).isFalse();
        assertThat(exists("NoSuchTest#forkAddsNoPteTable")).isFalse();
        assertThat(exists("ops/99-nothing.txt")).isFalse();
    }
}
