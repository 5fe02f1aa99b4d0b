package dev.cowtable.suite.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.snapshot.Snapshot;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ReportTest {
    private static CompareResult result() throws IOException {
        return new Comparison(Samples.shell(), Workloads.named("bgsave"), Double.NaN, 1, Progress.none())
                .run(Design.parseList("classic;relaxed"));
    }

    @Test
    void theJsonReportIsOneObjectWithAVersionAndAllFiguresOfEachDesign() throws IOException {
        Map<?, ?> json = JsonReader.object(JsonReport.of(result()));
        assertThat(json.get("version")).isEqualTo("1");
        assertThat(json.get("passed")).isEqualTo("true");
        assertThat((List<?>) json.get("designs")).hasSize(2).allSatisfy(design -> {
            Map<?, ?> figures = JsonReader.member((Map<?, ?>) design, "figures");
            assertThat(figures).hasSize(Figure.values().length);
            assertThat(figures.containsKey("pageTablesPeakPhysicalBytes")).isTrue();
        });
        assertThat(JsonReader.member(json, "recorded").get("vmPteKib")).isEqualTo("48");
        assertThat(JsonReader.member(json, "leftOut").get("pagesSharedOutside")).isEqualTo("48");
    }

    @Test
    void textInJsonIsEscaped() {
        JsonText json = new JsonText();
        json.beginObject().field("a", "\"\\\n").endObject();
        assertThat(JsonReader.object(json.toString())).isEqualTo(Map.of("a", "\"\\\n"));
    }

    @Test
    void theTableHasARowForEachFigureAndItsColumnsEndTogether() throws IOException {
        String text = TextReport.of(result());
        List<String> rows = text.lines().dropWhile(line -> !line.isEmpty()).skip(1).takeWhile(line -> !line.isEmpty())
                .toList();
        long always = Arrays.stream(Figure.values()).filter(figure -> !figure.isRare()).count();
        assertThat(rows).hasSize((int) always + 2)
                .allSatisfy(row -> assertThat(row).hasSameSizeAs(rows.getFirst()));
        assertThat(rows.getLast()).startsWith("verdict of the checks").endsWith("ok");
        assertThat(text.lines().toList().getLast()).startsWith("relaxed ").contains(" against classic (");
    }

    @Test
    void aDifferenceOfVmPteIsToldWithItsCauses() {
        Snapshot snapshot = Samples.everyState();
        Map<LeftOut, Long> leftOut = Map.of(LeftOut.HUGE_ZERO_PAGES, 512L);
        assertThat(VmPteCauses.of(snapshot, 0, leftOut)).isEmpty();
        assertThat(VmPteCauses.of(snapshot, -4, leftOut)).anyMatch(c -> c.contains("without an entry"))
                .anyMatch(c -> c.contains("zero page"));
        assertThat(VmPteCauses.of(snapshot, 4, leftOut)).anyMatch(c -> c.contains("marker"))
                .noneMatch(c -> c.contains("zero page"));
    }

    @Test
    void progressIsABarOnOneLineThatIsWipedAtTheEnd() {
        StringWriter out = new StringWriter();
        Progress progress = Progress.to(new PrintWriter(out));
        progress.begin("part");
        progress.end();
        assertThat(out.toString()).startsWith("\r[---").contains("part").endsWith(" \r").doesNotContain("\n");
        Progress.none().begin("nowhere");
    }

    @Test
    void zipfRanksStayInRangeAndTheFirstIsTheMostFrequent() {
        SplittableRandom random = new SplittableRandom(3);
        int n = 1000;
        int[] seen = new int[n + 1];
        Zipf zipf = new Zipf(n);
        for (int i = 0; i < 100_000; i++) {
            seen[zipf.rank(random)]++;
        }
        double harmonic = 0;
        for (int rank = 1; rank <= n; rank++) {
            harmonic += Math.pow(rank, -0.99);
        }
        for (int rank : new int[] {1, 2, 3, 10}) {
            double expected = 100_000 * Math.pow(rank, -0.99) / harmonic;
            assertThat((double) seen[rank]).as("rank " + rank).isBetween(expected * 0.9, expected * 1.1);
        }
        assertThat(seen[0]).isZero();
        assertThat(new Zipf(1).rank(random)).isEqualTo(1);
    }
}
