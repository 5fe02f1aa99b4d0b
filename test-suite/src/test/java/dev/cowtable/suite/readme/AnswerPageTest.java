package dev.cowtable.suite.readme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.cli.Cowtable;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** Every figure in a table of the answer page is the one that the command beside it prints. Host times are there and not compared. */
@Timeout(300)
class AnswerPageTest {
    private static final String SAMPLE = """
            | command | figure | classic | relaxed |
            |---|---|---|---|
            | `cowtable compare --workload spawn` | forks | 8 | 8 |
            | words | host time of one fork | 1 | 2 |
            """;

    private static String text() {
        try {
            return Files.readString(Path.of("docs/answer.md"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @TestFactory
    Stream<DynamicTest> figuresAreThoseThatTheCommandPrints() {
        return AnswerPage.of(text()).runs().stream().map(run -> DynamicTest.dynamicTest(run.title(),
                () -> assertThat(AnswerPage.differences(run, printed(run.arguments()))).isEmpty()));
    }

    private static String printed(List<String> arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Cowtable.run(new PrintWriter(out), new PrintWriter(err), arguments.toArray(new String[0]));
        assertThat(exit).as("%s%s", out, err).isZero();
        return out.toString();
    }

    @Test
    void everyTableWithFiguresIsCompared() {
        assertThat(AnswerPage.of(text()).cells()).isGreaterThan(200);
        assertThat(text().lines().filter(line -> line.startsWith("| `cowtable ")).toList())
                .hasSameSizeAs(AnswerPage.of(text()).runs());
    }

    @Test
    void figureThatIsNotPrintedIsFound() {
        AnswerPage.Run run = AnswerPage.of(SAMPLE).runs().getFirst();
        assertThat(run.arguments()).containsExactly("compare", "--workload", "spawn", "--designs", "classic relaxed");
        String good = "forks       8    8\n  host time of one fork    77   88\n";
        assertThat(AnswerPage.differences(run, good)).isEmpty();
        assertThat(AnswerPage.differences(run, good.replace("8    8", "8    9"))).singleElement().asString()
                .isEqualTo("forks: the page says [8, 8] and the command [8, 9]");
        assertThat(AnswerPage.differences(run, good.replace("forks", "spoons"))).hasSize(1);
        assertThat(AnswerPage.differences(run, "forks  8  8\n")).as("no host time").hasSize(1);
    }
}
