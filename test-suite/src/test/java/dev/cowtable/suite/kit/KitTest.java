package dev.cowtable.suite.kit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.kit.KitOutcome.Verdict;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit over the designs that ship, and what its parts say. */
@Timeout(300)
class KitTest {
    static Stream<String> designs() {
        return DesignMatrix.allDesigns().stream().filter(design -> Claim.of(design) == Claim.EXACT)
                .map(Design::toString);
    }

    @ParameterizedTest
    @MethodSource("designs")
    void designThatClaimsToBeExactIs(String design) {
        KitReport report = Kit.run(Design.parse(design), KitEffort.QUICK);
        assertThat(report.isClean()).as(report.text()).isTrue();
        assertThat(report.count(Verdict.PASSED)).isGreaterThan(170);
        assertThat(report.text()).contains("design " + design + ", claims that all prints as under Linux")
                .contains("The design keeps what it claims.");
    }

    /** {@code owner} claims no more than bytes: its counts are others, and what it can not do it refuses. */
    @Test
    void designThatClaimsOnlyBytesKeepsThem() {
        KitReport report = Kit.run(Design.parse("owner"), KitEffort.QUICK);
        assertThat(report.isClean()).as(report.text()).isTrue();
        assertThat(report.count(Verdict.BYTES)).isGreaterThan(20);
        assertThat(report.count(Verdict.UNSUPPORTED)).isGreaterThan(20);
    }

    @Test
    void blocksFaultCountsAndResidencyAreNoResults() {
        String text =
                "1| P0 read A+0 => ok v=3 min=1 maj=0\n2| P0 mincore A => ok 0110 min=0 maj=0\n3| observe => \n  P0 vmpte=+8kB\n";
        assertThat(ScenarioTrial.results(text))
                .isEqualTo("1| P0 read A+0 => ok v=3\n2| P0 mincore A => ok\n3| observe => \n");
    }

    @Test
    void wrongByteIsADifferenceAndAWrongCountIsOfBytesOnly() throws IOException {
        ShippedScenario good = ShippedScenario.all().getFirst();
        assertThat(ScenarioTrial.run(good, Design.parse("classic")).outcome().verdict()).isEqualTo(Verdict.PASSED);
        ShippedScenario counts = new ShippedScenario("", good.scenario(), good.expected().replaceFirst("mc=1", "mc=7"));
        assertThat(ScenarioTrial.run(counts, Design.parse("classic")).outcome().verdict()).isEqualTo(Verdict.BYTES);
        ShippedScenario bytes =
                new ShippedScenario("", good.scenario(), good.expected().replaceFirst("v=[0-9]+", "v=254"));
        ScenarioTrial trial = ScenarioTrial.run(bytes, Design.parse("classic"));
        assertThat(trial.outcome().breaks(Claim.BYTES)).isTrue();
        assertThat(trial.line()).isPositive();
    }

    @Test
    void whatThrowsIsADifferenceAndWhatRefusesIsNot() {
        KitCheck dies = new KitCheck("g", "n", () -> {
            throw new IllegalStateException("gone");
        });
        assertThat(dies.run().text()).contains("gone");
        assertThat(dies.run().verdict()).isEqualTo(Verdict.DIFFERS);
        KitCheck refuses = new KitCheck("g", "n", () -> {
            throw new UnsupportedOperationException("not here");
        });
        assertThat(refuses.run()).isEqualTo(KitOutcome.unsupported("not here"));
    }

    @TempDir
    private Path folder = Path.of(".");

    /** So does a third party find them. */
    @Test
    void scenariosAreFoundInAJarToo() throws IOException {
        Path jar = folder.resolve("suite.jar");
        try (OutputStream file = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(file)) {
            for (String name : List.of("litmus/cow/", "litmus/cow/a.txt", "litmus/cow/a.expected",
                    "litmus/cow/unrecorded.txt")) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write((name.endsWith(".txt") ? "# a story\nP0 mmap A pages=1\n" : "")
                        .getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        List<ShippedScenario> found =
                ShippedScenario.inUrl("g", URI.create("jar:" + jar.toUri() + "!/litmus/cow"), "litmus/cow");
        assertThat(found).singleElement().satisfies(scenario -> assertThat(scenario.scenario().name()).isEqualTo("a"));
    }
}
