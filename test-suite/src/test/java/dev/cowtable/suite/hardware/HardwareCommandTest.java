package dev.cowtable.suite.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.suite.cli.Cowtable;
import dev.cowtable.suite.cli.HardwareCommand;
import dev.cowtable.suite.hardware.catalogue.HardwareTests;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class HardwareCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Cowtable.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void aTestThatPassesPrintsItsTable() {
        assertThat(run("hardware", "invlpg-omitted")).isZero();
        assertThat(out.toString()).contains("invlpg-omitted: the entry is written, load\n")
                .contains("OUTCOME  REALISTIC  ADVERSARIAL  NONE  EXPECTATION             REASON")
                .containsPattern("1 +3 +3 +0  ACCEPTABLE_INTERESTING  a cached translation")
                .endsWith("1 passed, 0 failed\n");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void onePolicyHasOneColumn() {
        assertThat(run("hardware", "--tlb", "none", "sb", "invlpg")).isZero();
        assertThat(out.toString()).contains("OUTCOME  NONE  EXPECTATION").doesNotContain("REALISTIC")
                .endsWith("2 passed, 0 failed\n");
    }

    @Test
    void theListNamesEveryTest() {
        assertThat(run("hardware", "--list")).isZero();
        assertThat(out.toString()).contains(HardwareTests.all().stream().map(test -> test.name() + " ").toList())
                .hasLineCount(HardwareTests.all().size());
    }

    @Test
    void anUnknownNameOrPolicyIsBadUsage() {
        assertThat(run("hardware", "no-such-test")).isEqualTo(2);
        assertThat(err.toString()).contains("no hardware test is named 'no-such-test'");
        assertThat(run("hardware", "--tlb", "no-such-policy")).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aForbiddenOutcomeIsFailure() {
        HardwareTest table = HardwareTests.named(HardwareTests.all(), "invlpg");
        HardwareTest faulty = table.judging(HardwareTests.named(HardwareTests.all(), "invlpg-omitted"));
        CommandLine command = new CommandLine(new HardwareCommand(List.of(table, faulty)))
                .setOut(new PrintWriter(out));
        assertThat(command.execute()).isEqualTo(1);
        assertThat(out.toString()).contains("invlpg-omitted-as-invlpg: ")
                .contains("FAILED: under ADVERSARIAL the forbidden 1 is seen, by ").contains("1 passed, 1 failed");
    }
}
