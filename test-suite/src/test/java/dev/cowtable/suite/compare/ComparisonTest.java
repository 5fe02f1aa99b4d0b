package dev.cowtable.suite.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotReader;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ComparisonTest {
    private static final List<Design> BOTH = Design.parseList("classic relaxed");

    static Stream<String> workloads() {
        return Workloads.all().stream().map(Workload::name);
    }

    /** Why: by default a small process would see hardly a write. */
    private static CompareResult playWithManyWrites(Snapshot snapshot, String name) {
        Workload workload = Workloads.named(name);
        return play(snapshot, workload, workload.takesWriteFraction() ? 0.5 : Double.NaN);
    }

    private static CompareResult play(Snapshot snapshot, Workload workload, double writeFraction) {
        return new Comparison(snapshot, workload, writeFraction, 7, Progress.none()).run(BOTH);
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void aShellSurvivesEveryWorkloadUnderBothDesigns(String name) throws IOException {
        CompareResult result = playWithManyWrites(Samples.shell(), name);
        assertThat(result.designs()).allSatisfy(d -> assertThat(d.violations()).isEmpty());
        assertThat(result.designs().get(1).figure(Figure.TABLES_SHARED)).isPositive();
        assertThat(result.vmPteCauses()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void aProcessWithPagesOfEveryStateSurvivesEveryWorkloadUnderBothDesigns(String name) {
        CompareResult result = playWithManyWrites(Samples.everyState(), name);
        assertThat(result.designs()).allSatisfy(d -> assertThat(d.violations()).isEmpty());
        assertThat(result.vmPteCauses()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("workloads")
    void theSameSeedGivesTheSameCounts(String name) throws IOException {
        DesignResult first = playWithManyWrites(Samples.shell(), name).designs().get(1);
        DesignResult second = playWithManyWrites(Samples.shell(), name).designs().get(1);
        for (Figure figure : Figure.values()) {
            if (figure.isDeterministic()) {
                assertThat(second.figure(figure)).as(figure.label()).isEqualTo(first.figure(figure));
            }
        }
        assertThat(first.figure(Figure.FORKS)).isPositive();
        assertThat(first.figure(Figure.PAGE_COPIES) > 0).isEqualTo(!List.of("spawn", "reclaim", "reclaim-nomem")
                .contains(name));
    }

    @Test
    void moreWritesCopyMorePagesAndNoneCopiesNone() throws IOException {
        Workload bgsave = Workloads.named("bgsave");
        assertThat(play(Samples.shell(), bgsave, 0).designs().getFirst().figure(Figure.PAGE_COPIES)).isZero();
        assertThat(play(Samples.shell(), bgsave, 1).designs().getFirst().figure(Figure.PAGE_COPIES)).isGreaterThan(5);
    }

    @Test
    void aForkOfTheShippedServerDoublesItsTablesUnderClassicAndAddsFewUnderRelaxed() throws IOException {
        CompareResult result = play(SnapshotReader.readShipped(), Workloads.named("spawn"), Double.NaN);
        assertThat(result.passed()).isTrue();
        DesignResult classic = result.designs().get(0);
        DesignResult relaxed = result.designs().get(1);
        long before = classic.figure(Figure.PARENT_TABLES);
        assertThat(relaxed.figure(Figure.PARENT_TABLES)).isEqualTo(before).isGreaterThan(2L << 20);
        assertThat((double) classic.figure(Figure.PEAK_TABLES) / before).isBetween(1.95, 2.05);
        assertThat((double) relaxed.figure(Figure.PEAK_TABLES) / before).isBetween(1.0, 1.05);
        assertThat(relaxed.figure(Figure.PEAK_VMPTE)).isEqualTo(classic.figure(Figure.PEAK_VMPTE));
        assertThat(TextReport.of(result)).contains("relaxed saves ")
                .contains("VmPTE: recorded 2148 kB, emulated 2148 kB: equal");
    }

    // ---------------------------------------------------------------- reclaim

    private static List<DesignResult> reclaim(String workload, String designs) throws IOException {
        CompareResult result = new Comparison(Samples.shell(), Workloads.named(workload), Double.NaN, 1,
                Progress.none()).run(Design.parseList(designs));
        assertThat(result.passed()).isTrue();
        return result.designs();
    }

    @Test
    void anEditInPlaceTakesTheSamePages() throws IOException {
        List<DesignResult> both = reclaim("reclaim", "classic;relaxed;relaxed:rmap=inplace");
        assertThat(both).allSatisfy(d -> assertThat(d.figure(Figure.SWAPPED_OUT)).isEqualTo(7));
        assertThat(both.get(1).figure(Figure.TABLES_EDITED)).isZero();
        assertThat(both.get(2).figure(Figure.TABLES_EDITED)).isPositive();
        assertThat(both.get(2).figure(Figure.SWAPPED_IN)).isEqualTo(both.get(0).figure(Figure.SWAPPED_IN))
                .isPositive();
    }

    /** Why: the reads of the workload bring pages back, which breaks each table of a process as small as this one. */
    @Test
    void anEditInPlaceBreaksNoTable() throws IOException {
        CompareResult result = new Comparison(Samples.shell(), new Planted(stage -> {
            Pressure pressure = new Pressure(stage.lab());
            pressure.begin(stage.random());
            stage.fork();
            pressure.reclaim(7, (done, total) -> {});
        }), Double.NaN, 1, Progress.none()).run(Design.parseList("relaxed;relaxed:rmap=inplace"));
        assertThat(result.designs()).allSatisfy(d -> assertThat(d.figure(Figure.SWAPPED_OUT)).isEqualTo(7));
        assertThat(result.designs().get(0).figure(Figure.TABLES_BROKEN)).isPositive();
        assertThat(result.designs().get(1).figure(Figure.TABLES_BROKEN)).isZero();
    }

    @Test
    void withoutMemoryABreakKeepsThePagesOfSharedTablesAndAnEditDoesNot() throws IOException {
        List<DesignResult> both = reclaim("reclaim-nomem", "classic;relaxed;relaxed:rmap=inplace");
        assertThat(both.get(0).figure(Figure.SWAPPED_OUT)).isEqualTo(7);
        assertThat(both.get(1).figure(Figure.SWAPPED_OUT)).isLessThan(7);
        assertThat(both.get(1).figure(Figure.TABLES_BROKEN)).isZero();
        assertThat(both.get(2).figure(Figure.SWAPPED_OUT)).isEqualTo(7);
    }

    @Test
    void aDesignThatRefusesTheWorkloadIsUnsupportedAndHasFailedNothing() throws IOException {
        CompareResult result = new Comparison(Samples.shell(), Workloads.named("reclaim"), Double.NaN, 1,
                Progress.none()).run(Design.parseList("classic owner"));
        assertThat(result.passed()).isTrue();
        assertThat(result.designs().get(1).refusal()).contains("owner does not");
        assertThat(result.designs().get(1).figures()).isEmpty();
        assertThat(TextReport.of(result)).containsPattern("(?m)^verdict of the checks +ok +unsupported$")
                .containsPattern("(?m)^pages swapped out +7 +-$").contains("owner: unsupported: owner does not")
                .doesNotContain("died").doesNotContain("against classic");
        assertThat(JsonReport.of(result)).contains("\"refusal\": \"owner does not");
    }

    // ---------------------------------------------------------------- large folios

    private static CompareResult spawnWithFolios(int order) throws IOException {
        return new Comparison(Samples.shell(), Workloads.named("spawn"), Double.NaN, 1, Progress.none())
                .withFolios(order)
                .run(Design.parseList("classic:batch=off classic relaxed"));
    }

    @Test
    void foliosOfThePagesAreCountedAtOnceUnlessEachEntryIsToBe() throws IOException {
        CompareResult result = spawnWithFolios(2);
        DesignResult entries = result.designs().get(0);
        DesignResult batches = result.designs().get(1);
        DesignResult relaxed = result.designs().get(2);
        assertThat(result.passed()).isTrue();
        assertThat(result.folios().kib()).isEqualTo(16);
        assertThat(result.folios().pages()).isPositive().isLessThanOrEqualTo(Samples.shell().nrAnonPages());
        long inFolios = result.folios().pages();
        assertThat(entries.figure(Figure.FORK_BATCHES) - batches.figure(Figure.FORK_BATCHES))
                .isEqualTo(8 * (inFolios - inFolios / 4));
        assertThat(relaxed.figure(Figure.FORK_BATCHES)).isEqualTo(batches.figure(Figure.FORK_BATCHES));
        assertThat(batches.figure(Figure.ENTRIES_VISITED)).isEqualTo(entries.figure(Figure.ENTRIES_VISITED));
        assertThat(batches.figure(Figure.ATOMICS)).isLessThan(entries.figure(Figure.ATOMICS));
        assertThat(TextReport.of(result)).contains("anonymous pages in folios of 16 KiB: ")
                .contains("batches of pages counted by fork");
        assertThat(JsonReport.of(result)).contains("\"sizeKib\": 16");
    }

    @Test
    void withSmallFoliosBothClassicsCountTheSameAndNothingIsSaidOfBatches() throws IOException {
        CompareResult result = spawnWithFolios(0);
        assertThat(result.folios().pages()).isZero();
        for (Figure figure : Figure.values()) {
            if (figure.isDeterministic()) {
                assertThat(result.designs().get(1).figure(figure)).as(figure.label())
                        .isEqualTo(result.designs().get(0).figure(figure));
            }
        }
        assertThat(TextReport.of(result)).doesNotContain("folios").doesNotContain("batches");
    }

    // ---------------------------------------------------------------- the checks can fail

    private record Planted(Consumer<Stage> body) implements Workload {
        @Override
        public String name() {
            return "planted";
        }

        @Override
        public void run(Stage stage) {
            body.accept(stage);
        }
    }

    private static List<String> violationsOf(Consumer<Stage> body) throws IOException {
        CompareResult result = play(Samples.shell(), new Planted(body), Double.NaN);
        assertThat(result.passed()).isFalse();
        assertThat(TextReport.of(result)).contains("FAILED").contains("no comparison, a check failed");
        return result.designs().getFirst().violations();
    }

    private static long pfnOfPage(EmulatedProcess process, int page) {
        process.read(page);
        return Paging.pfn(process.cpu().translate(process.vaddr(page), Access.USER));
    }

    @Test
    void aWrongValueInAPageIsTold() throws IOException {
        List<String> violations = violationsOf(stage -> {
            EmulatedProcess child = stage.fork();
            int page = stage.readable()[0];
            child.cpu().memory().fillFrame(pfnOfPage(child, page), 42);
            child.read(page);
        });
        assertThat(violations).singleElement().asString().startsWith("contents: child 1 reads 0x2a at 0x");
    }

    @Test
    void manyWrongValuesAreToldShortly() throws IOException {
        List<String> violations = violationsOf(stage -> {
            EmulatedProcess child = stage.fork();
            for (int page : stage.readable()) {
                child.cpu().memory().fillFrame(pfnOfPage(child, page), 42);
                child.read(page);
            }
        });
        assertThat(violations).hasSize(6).last().asString().endsWith("more wrong reads");
    }

    @Test
    void aReferenceThatNobodyDropsIsTold() throws IOException {
        List<String> violations = violationsOf(stage -> {
            EmulatedProcess child = stage.fork();
            stage.lab().kernel().memMap().pageRefAdd(child.cpu(), pfnOfPage(child, stage.readable()[0]), 1);
        });
        assertThat(violations).anyMatch(v -> v.startsWith("at the end of the workload: I1 "))
                .contains("1 frames have leaked");
    }

    @Test
    void aDesignThatDiesIsAFailedVerdict() throws IOException {
        assertThat(violationsOf(stage -> {
            throw new IllegalStateException("planted");
        })).containsExactly("died: java.lang.IllegalStateException: planted");
    }
}
