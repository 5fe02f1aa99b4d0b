package dev.cowtable.suite.litmus.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.LitmusChecker;
import dev.cowtable.suite.litmus.LitmusChecker.Verdict;
import dev.cowtable.suite.litmus.SampleFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recorded scenario under every design that claims to print what Linux prints, and every TLB; invariants checked. */
final class RecordedRunsTest {
    /** What no design can run yet: files, KSM, huge pages, userfaultfd. */
    private static final List<String> UNSUPPORTED = List.of("106-file-private-fork", "111-file-truncate",
            "112-file-punch-hole", "121-ksm-unmerge", "126-thp-zero", "131-thp-collapse", "136-mem-force-shared-ro",
            "156-uffd-wp-unpopulated",
            "157-uffd-missing", "176-thp-pte-mapped-reuse", "211-rand-vma-45", "216-rand-all-52");

    /** {@code classic} and {@code relaxed}, these with each combination of their options. */
    static List<Design> exactDesigns() {
        List<Design> designs = new ArrayList<>();
        for (String name : List.of("classic", "relaxed")) {
            Design plain = Design.parse(name);
            List<String> combinations = List.of("");
            for (Map.Entry<String, List<String>> option : plain.fork().options().entrySet()) {
                List<String> grown = new ArrayList<>();
                for (String combination : combinations) {
                    for (String value : option.getValue()) {
                        grown.add(combination + (combination.isEmpty() ? ":" : ",") + option.getKey() + "=" + value);
                    }
                }
                combinations = grown;
            }
            combinations.forEach(combination -> designs.add(Design.parse(name + combination)));
        }
        return designs;
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>(SampleFiles.names());
        for (String folder : List.of("cow", "ops", "owner", "random")) {
            names.addAll(SampleFiles.names(folder));
        }
        return names;
    }

    static List<Arguments> runs() {
        List<Arguments> runs = new ArrayList<>();
        for (String name : names()) {
            for (Design design : exactDesigns()) {
                for (TlbPolicy tlbPolicy : TlbPolicy.values()) {
                    runs.add(Arguments.of(name, design, tlbPolicy));
                }
            }
        }
        return runs;
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyLineIsAsTheKernelPrintedIt(String name, Design design, TlbPolicy tlbPolicy) {
        boolean exact = tlbPolicy == TlbPolicy.NONE;
        LitmusResult result = LitmusRunner.run(SampleFiles.scenario(name), design, new RunOptions(tlbPolicy, exact));
        assertThat(result.violations()).isEmpty();
        Verdict verdict = LitmusChecker.compare(shown(SampleFiles.expected(name), exact), shown(result.text(), exact));
        assertThat(verdict.result()).as(() -> verdict.describe(name)).isNotEqualTo(LitmusChecker.Result.FAILED);
        assertThat(result.unsupported()).isEqualTo(verdict.result() == LitmusChecker.Result.UNSUPPORTED);
    }

    /** Under a TLB the fault counts may be others than recorded. */
    private static String shown(String text, boolean exact) {
        return exact ? text : text.replaceAll("(?m) min=[0-9]+ maj=[0-9]+$", "");
    }

    @ParameterizedTest
    @MethodSource("exactDesigns")
    void theScenariosThatAreRefusedAreExactlyThese(Design design) {
        assertThat(names().stream().filter(
                name -> LitmusRunner.run(SampleFiles.scenario(name), design, RunOptions.DEFAULT).unsupported()))
                .containsExactlyElementsOf(UNSUPPORTED);
    }

    @Test
    void allMainDesignsAreAmongThoseThereAre() {
        assertThat(Design.all()).extracting(design -> design.fork().name()).contains("classic", "relaxed");
    }
}
