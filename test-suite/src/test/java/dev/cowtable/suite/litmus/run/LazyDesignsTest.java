package dev.cowtable.suite.litmus.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.LitmusSyntaxException;
import dev.cowtable.suite.litmus.SampleFiles;
import dev.cowtable.suite.litmus.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The designs that share tables without accounting: every read of every scenario gives the byte that the kernel gave, every call ends as it did
 * there, and the invariants hold after each operation, with the counts that the design claims.
 */
final class LazyDesignsTest {
    private static final List<String> DESIGNS = List.of("owner", "ondemand");
    private static final Pattern PAGES = Pattern.compile("(?m)^(P\\d+ mmap \\w+ pages=)(\\d+)");

    private static final Pattern RUN_OF_PAGES = Pattern.compile("(?m)^  P\\d+ \\w+\\[\\d");

    private static List<String> names() {
        List<String> names = new ArrayList<>(SampleFiles.names());
        names.addAll(SampleFiles.names("cow"));
        names.addAll(SampleFiles.names("ops"));
        names.addAll(SampleFiles.names("random"));
        return names;
    }

    static List<Arguments> runs() {
        List<Arguments> runs = new ArrayList<>();
        for (String name : names()) {
            for (String design : DESIGNS) {
                for (TlbPolicy tlbPolicy : TlbPolicy.values()) {
                    runs.add(Arguments.of(name, design, tlbPolicy));
                }
            }
        }
        return runs;
    }

    static List<Arguments> wideRuns() {
        return names().stream().flatMap(name -> DESIGNS.stream().map(design -> Arguments.of(name, design))).toList();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyReadGivesTheByteThatTheKernelGave(String name, String design, TlbPolicy tlbPolicy) {
        LitmusResult result = LitmusRunner.run(SampleFiles.scenario(name), Design.parse(design),
                new RunOptions(tlbPolicy, true));
        assertThat(result.violations()).isEmpty();
        assertThat(ReadBytes.otherResults(SampleFiles.expected(name), result.text())).isEmpty();
    }

    /**
     * All that is printed otherwise are counts: the same frames are where they were, and the same calls are made.
     *
     * <p>Why not with runs of pages: where a run ends depends on the counts.
     */
    @ParameterizedTest
    @MethodSource("runs")
    void onlyCountsArePrintedOtherwise(String name, String design, TlbPolicy tlbPolicy) {
        LitmusResult result = LitmusRunner.run(SampleFiles.scenario(name), Design.parse(design),
                new RunOptions(tlbPolicy, false));
        String expected = SampleFiles.expected(name);
        if (!RUN_OF_PAGES.matcher(expected).find()) {
            assertThat(ReadBytes.withoutCounts(expected)).startsWith(ReadBytes.withoutCounts(result.text()));
        }
    }

    /** On-demand-fork shares only what one VMA covers whole; most scenarios are smaller than that. */
    @ParameterizedTest
    @MethodSource("wideRuns")
    void everyReadGivesTheByteThatItGivesUnderClassicIfAreasAreWholeTables(String name, String design) {
        Scenario wide = widened(name, SampleFiles.read(name + ".txt"));
        if (wide == null) {
            return;
        }
        RunOptions options = new RunOptions(TlbPolicy.ADVERSARIAL, true);
        String expected = LitmusRunner.run(wide, Design.parse("classic"), options).text();
        LitmusResult result = LitmusRunner.run(wide, Design.parse(design), options);
        assertThat(result.violations()).isEmpty();
        assertThat(ReadBytes.otherResults(expected, result.text())).isEmpty();
    }

    /** The same story with areas of at least 2 MiB; null if that is none. */
    static @Nullable Scenario widened(String name, String text) {
        if (text.contains("at=") || text.contains("file=")) {
            return null;
        }
        String wide = PAGES.matcher(text)
                .replaceAll(found -> found.group(1) + Math.max(512, Integer.parseInt(found.group(2))));
        try {
            return LitmusParser.parse(name + "-wide.txt", wide);
        } catch (LitmusSyntaxException e) {
            return null;
        }
    }

    @Test
    void bothShareTablesInTheseScenarios() {
        for (String design : DESIGNS) {
            assertThat(names().stream().anyMatch(name -> differsFromClassic(name, design))).isTrue();
        }
    }

    private static boolean differsFromClassic(String name, String design) {
        Scenario wide = widened(name, SampleFiles.read(name + ".txt"));
        return wide != null && !LitmusRunner.run(wide, Design.parse(design), RunOptions.DEFAULT).text()
                .equals(LitmusRunner.run(wide, Design.parse("classic"), RunOptions.DEFAULT).text());
    }

    @Test
    void wrongByteIsFound() {
        assertThat(ReadBytes.wrong("1| P0 read A+0 => ok v=1 min=0 maj=0\n", "1| P0 read A+0 => ok v=1 min=7 maj=0\n"))
                .isEmpty();
        assertThat(ReadBytes.wrong("1| P0 read A+0 => ok v=1 min=0 maj=0\n", "1| P0 read A+0 => ok v=2 min=0 maj=0\n"))
                .containsExactly("1| P0 read A+0: ok v=2, not ok v=1");
    }
}
