package dev.cowtable.suite.litmus.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.SampleFiles;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The defects that the reviewers of the series named, each by a scenario that says under which design it goes wrong, and how: by which printed line or
 * which broken invariant.
 */
final class OwnerScenariosTest {
    static List<String> names() {
        return SampleFiles.names("owner");
    }

    private static List<String> header(String name, String key) {
        return Pattern.compile("(?m)^# " + key + ": (.*)$").matcher(SampleFiles.read(name + ".txt")).results()
                .map(found -> found.group(1)).toList();
    }

    private static RunOptions options(String name) {
        List<String> tlb = header(name, "tlb");
        String policy = tlb.isEmpty() ? "none" : tlb.getFirst();
        return new RunOptions(TlbPolicy.valueOf(policy.toUpperCase(Locale.ROOT)), false);
    }

    private static LitmusResult run(String name, String design) {
        return LitmusRunner.run(SampleFiles.scenario(name), Design.parse(design), options(name));
    }

    @ParameterizedTest
    @MethodSource("names")
    void designGoesWrongAsTheScenarioSays(String name) {
        assertThat(header(name, "proves")).hasSize(1);
        Stream<String> printed = run(name, header(name, "design").getFirst()).text().lines();
        List<String> lines = printed.map(String::strip).toList();
        assertThat(header(name, "wrong")).isNotEmpty().allSatisfy(
                wrong -> assertThat(lines).anyMatch(line -> line.startsWith(wrong)));
    }

    /** What is wrong is not what the kernel printed. */
    @ParameterizedTest
    @MethodSource("names")
    void kernelDoesNotGoWrongThere(String name) {
        assertThat(SampleFiles.expected(name).lines().map(String::strip))
                .noneMatch(line -> header(name, "wrong").stream().anyMatch(line::startsWith));
    }

    @ParameterizedTest
    @MethodSource("names")
    void classicAndRelaxedPrintWhatTheKernelPrinted(String name) {
        for (String design : List.of("classic", "relaxed", "relaxed:rmap=inplace,pmd=marked")) {
            LitmusResult result = run(name, design);
            assertThat(result.violations()).isEmpty();
            assertThat(ReadBytes.otherResults(SampleFiles.expected(name), result.text())).isEmpty();
        }
    }

    /** The same design without its known defects, and the one without reuse, give the right bytes or refuse. */
    @ParameterizedTest
    @MethodSource("names")
    void guardedOwnerAndOnDemandGiveTheRightBytes(String name) {
        for (String design : List.of("owner", "ondemand")) {
            LitmusResult result = run(name, design);
            assertThat(result.violations()).isEmpty();
            assertThat(ReadBytes.otherResults(SampleFiles.expected(name), result.text())).isEmpty();
        }
    }

    /** A reference of the child on a page whose table is shared: who must make the page private, and does? */
    @ParameterizedTest
    @CsvSource({"classic/linux, 1", "classic/owner, 1", "relaxed/linux, 1", "relaxed/owner, 1", "ondemand/linux, 1",
            "ondemand/owner, 1", "owner/owner, 1", "owner/linux, 2"})
    void onlyOwnerNeedsItsOwnGup(String design, int value) {
        assertThat(run("owner/ro-reference", design).text()).contains("P0 readpipe q0 => ok v=" + value + " ");
    }

    @Test
    void thereIsAScenarioForEachDefect() {
        assertThat(names()).extracting(name -> name.substring(name.indexOf('/') + 1)).containsExactly(
                "counts-while-shared", "dontfork", "mark-while-shared", "missing-flush", "partial-discard",
                "partial-zap", "pin-before-fork", "pin-moved", "rmap-dereference", "ro-reference", "third-vma",
                "wipeonfork");
    }
}
