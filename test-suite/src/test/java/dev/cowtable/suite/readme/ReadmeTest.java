package dev.cowtable.suite.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each Java example of the README is, word for word, code that a test runs. */
class ReadmeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern EXAMPLE =
            Pattern.compile("<!-- from (\\S+) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern TAGGED =
            Pattern.compile("// tag::readme\\n(.*?)\\n[ ]*// end::readme", Pattern.DOTALL);

    @TestFactory
    Stream<DynamicTest> exampleIsTheCodeThatIsTested() throws IOException {
        return EXAMPLE.matcher(readme()).results()
                .map(example -> DynamicTest.dynamicTest(example.group(1), () -> assertThat(
                        example.group(2).strip()).isEqualTo(tagged(ROOT.resolve(example.group(1))))));
    }

    @Test
    void everyModuleHasAnExample() throws IOException {
        List<String> modules =
                EXAMPLE.matcher(readme()).results().map(example -> example.group(1).split("/", 2)[0]).toList();
        assertThat(modules).contains("mmu-hw", "mm-core", "mm-fork", "mm-gup", "test-suite");
        assertThat(readme().split("```java", -1)).as("examples without a test").hasSize(modules.size() + 1);
    }

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    private static String tagged(Path file) throws IOException {
        Matcher matcher = TAGGED.matcher(Files.readString(file));
        assertThat(matcher.find()).as("tags in %s", file).isTrue();
        return matcher.group(1).stripIndent().strip();
    }
}
