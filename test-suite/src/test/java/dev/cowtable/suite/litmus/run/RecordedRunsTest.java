package dev.cowtable.suite.litmus.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.kit.DesignMatrix;
import dev.cowtable.suite.litmus.LitmusChecker;
import dev.cowtable.suite.litmus.LitmusChecker.Verdict;
import dev.cowtable.suite.litmus.SampleFiles;
import java.util.ArrayList;
import java.util.List;
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

    /** Those that claim it, each with every combination of its options. */
    static List<Design> exactDesigns() {
        return DesignMatrix.allDesigns().stream().filter(design -> design.fork().isExact()).toList();
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
    void relaxedIsRunWithEachCombinationOfItsOptions() {
        assertThat(exactDesigns()).extracting(Design::toString).contains("classic", "relaxed", "relaxed:rmap=inplace",
                "relaxed:pmd=marked", "relaxed:pmd=marked,rmap=inplace");
    }
}
