package dev.cowtable.suite.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.cowtable.mm.spi.Design;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The example project, in a clean folder: as it is, and with one piece of its design replaced. */
@Timeout(300)
class ExampleDesignTest {
    private static final String NOTHING_REPLACED = "table.removeSharer(mm);";

    @TempDir
    private Path folder = Path.of(".");

    @Test
    void designOfLessThan150LinesKeepsAllThatItClaims() throws IOException, URISyntaxException {
        assertThat(Files.readAllLines(ExampleProject.source().resolve("src/main/java/example/SoleFork.java")))
                .hasSizeLessThan(150);
        try (ExampleProject project = ExampleProject.inFolder(folder, NOTHING_REPLACED, NOTHING_REPLACED)) {
            TestExecutionSummary summary = project.with(() -> launch(project.load("example.SoleForkTest")));
            assertThat(summary.getFailures()).isEmpty();
            assertThat(summary.getTestsSucceededCount()).isGreaterThan(170);
            assertThat(summary.getTestsAbortedCount()).as("files are not modelled").isPositive();
        }
    }

    private static TestExecutionSummary launch(Class<?> test) {
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request().selectors(selectClass(test)).build();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, summary);
        return summary.getSummary();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
            "a break does not flush | kernel.tlbFlush().settle(cpu, debt); | | FD ",
            "shared entries stay writable | cpu.memory().fetchAndAnd(at, ~Entry.RW); | | I2 ",
            "pages are not counted for the child | dup.dupPage(cpu, Pte.pfn(pte)); | | I1 ",
            "pinned pages are shared | !pass.parent().hasPinned(cpu) | true | P maps another frame than the pinned one",
            "what a detached child had is not uncounted | kernel.memoryMap().zap().uncountTable(c, gather, table, vaddr); | | I1 ",
            "a table's last share is not dropped | kernel.pageTables().freeTablePage(cpu, table); | | page tables have leaked",
            "a break copies nothing | cpu.memory().copyFrame(table.pfn(), copy.pfn()); | | I1 "})
    void plantedBugIsNamed(String bug, String good, String planted, String symptom) throws IOException {
        String wrong = planted == null ? "" : planted;
        try (ExampleProject project = ExampleProject.inFolder(folder, good, wrong)) {
            KitReport report = project.with(() -> Kit.run(Design.parse("sole"), KitEffort.QUICK));
            assertThat(report.isClean()).as(bug).isFalse();
            assertThat(report.text()).contains(symptom).contains("The design breaks what it claims.");
        }
    }
}
