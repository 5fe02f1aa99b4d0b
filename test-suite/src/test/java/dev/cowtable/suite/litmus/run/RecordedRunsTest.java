package dev.cowtable.suite.litmus.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.LitmusChecker;
import dev.cowtable.suite.litmus.LitmusChecker.Verdict;
import dev.cowtable.suite.litmus.SampleFiles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recorded scenario under every design and TLB, invariants checked after each operation. */
final class RecordedRunsTest {
    private static final List<String> SUPPORTED = List.of("001-cow-parent-first", "006-cow-untouched",
            "011-gen-fork-after-partial-writes", "016-exit-order-021", "021-cow-repeat-fork-exit", "026-pin-two-forks",
            "041-vmsplice-no-fork-visible", "071-dontneed-pt-reclaim", "076-wipeonfork", "078-dontfork",
            "091-vma-merge-split", "101-munmap-middle-tables", "116-zero-page", "146-pte-sparse-512g",
            "151-big-64m-fork", "160-dead-process", "171-crash-and-kill");

    static List<Arguments> runs() {
        List<Arguments> runs = new ArrayList<>();
        for (String name : SampleFiles.names()) {
            for (Design design : Design.all()) {
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
        LitmusResult result = LitmusRunner.run(SampleFiles.scenario(name), design, new RunOptions(tlbPolicy, true));
        assertThat(result.violations()).isEmpty();
        boolean exact = tlbPolicy == TlbPolicy.NONE;
        Verdict verdict = LitmusChecker.compare(shown(SampleFiles.expected(name), exact), shown(result.text(), exact));
        assertThat(verdict.result()).as(() -> verdict.describe(name)).isNotEqualTo(LitmusChecker.Result.FAILED);
        assertThat(result.unsupported()).isEqualTo(verdict.result() == LitmusChecker.Result.UNSUPPORTED);
    }

    /** Under a TLB the fault counts may be others than recorded. */
    private static String shown(String text, boolean exact) {
        return exact ? text : text.replaceAll("(?m) min=[0-9]+ maj=[0-9]+$", "");
    }

    @ParameterizedTest
    @MethodSource("dev.cowtable.mm.spi.Design#all")
    void theScenariosThatRunToTheirEndAreExactlyThese(Design design) {
        assertThat(SampleFiles.names().stream().filter(
                name -> !LitmusRunner.run(SampleFiles.scenario(name), design, RunOptions.DEFAULT).unsupported()))
                .containsExactlyElementsOf(SUPPORTED);
    }

    @Test
    void bothMainDesignsAreAmongThoseTested() {
        assertThat(Design.all()).extracting(design -> design.fork().name()).contains("classic", "relaxed");
    }
}
