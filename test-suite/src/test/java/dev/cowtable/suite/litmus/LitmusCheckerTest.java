package dev.cowtable.suite.litmus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.litmus.LitmusChecker.Result;
import dev.cowtable.suite.litmus.LitmusChecker.Verdict;
import org.junit.jupiter.api.Test;

final class LitmusCheckerTest {
    private static final String EXPECTED = "1| P0 fork P1 => ok\n2| observe => \n  P0 vmpte=+0kB\n";

    @Test
    void equalTextsPass() {
        assertThat(LitmusChecker.compare(EXPECTED, EXPECTED)).isEqualTo(new Verdict(Result.PASSED, 0, null, null));
    }

    @Test
    void theFirstDifferingLineIsNamed() {
        Verdict verdict = LitmusChecker.compare(EXPECTED, EXPECTED.replace("+0", "+8"));
        assertThat(verdict).isEqualTo(new Verdict(Result.FAILED, 3, "  P0 vmpte=+0kB", "  P0 vmpte=+8kB"));
        assertThat(verdict.describe("a.txt")).isEqualTo(
                "a.txt:3: difference\n  expected:   P0 vmpte=+0kB\n  got:        P0 vmpte=+8kB\n");
    }

    @Test
    void aLostTrailingBlankIsADifference() {
        assertThat(LitmusChecker.compare(EXPECTED, EXPECTED.replace("=> \n", "=>\n")).line()).isEqualTo(2);
    }

    @Test
    void outputThatEndsEarlyOrLateIsADifference() {
        String shorter = EXPECTED.substring(0, EXPECTED.indexOf("  P0"));
        assertThat(LitmusChecker.compare(EXPECTED, shorter).line()).isEqualTo(3);
        assertThat(LitmusChecker.compare(shorter, EXPECTED).line()).isEqualTo(3);
        assertThat(LitmusChecker.compare(EXPECTED, EXPECTED.stripTrailing()).describe("a"))
                .contains("got:      (end of output)");
    }

    @Test
    void aRefusedOperationAfterAgreementIsUnsupported() {
        String got = "1| P0 fork P1 => UNSUPPORTED (no fork)\n";
        assertThat(LitmusChecker.compare(EXPECTED, got).result()).isEqualTo(Result.UNSUPPORTED);
    }

    @Test
    void aRefusedOperationAfterADifferenceIsAFailure() {
        String got = EXPECTED.replace("P1 => ok", "P1 => ENOMEM").replace("observe => ", "observe => UNSUPPORTED");
        assertThat(LitmusChecker.compare(EXPECTED, got).result()).isEqualTo(Result.FAILED);
        assertThat(LitmusChecker.compare(EXPECTED, "1| P0 exit => UNSUPPORTED\n").result()).isEqualTo(Result.FAILED);
    }

    @Test
    void theSummaryCountsEachVerdict() {
        LitmusChecker checker = new LitmusChecker();
        checker.check(EXPECTED, EXPECTED);
        checker.check(EXPECTED, EXPECTED);
        checker.check(EXPECTED, "");
        checker.check(EXPECTED, "1| P0 fork P1 => UNSUPPORTED\n");
        assertThat(checker.summary()).isEqualTo("2 passed, 1 failed, 1 unsupported");
        assertThat(checker.failed()).isEqualTo(1);
    }

    @Test
    void resultTextsHaveTheRecordedForm() {
        assertThat(OpResult.values(new byte[] {1, -1, 9}, 2)).isEqualTo("ok v=1,255");
        assertThat(OpResult.value(200)).isEqualTo("ok v=200");
        assertThat(OpResult.count(4096)).isEqualTo("ok n=4096");
        assertThat(OpResult.residency(new byte[] {0, 1, 0, 0})).isEqualTo("ok 0100");
        assertThat(OpResult.signalAt(OpResult.SEGV_MAPERR, 2)).isEqualTo("SIGSEGV/MAPERR at=+2");
        assertThat(OpResult.died(1, 11)).isEqualTo("!! P1 DIED signal 11");
    }
}
