package dev.cowtable.suite.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class OracleTallyTest {
    private static final String KERNEL = """
            1| P0 write A+0 1 => ok min=1 maj=0
            2| observe =>\s
              P0 vmpte=+8kB
              P0 A+0 none
            """;

    private final OracleTally tally = new OracleTally("emulator");

    @Test
    void equalTextsAreAlike() {
        assertThat(tally.compare("a", KERNEL, KERNEL)).isEmpty();
        assertThat(tally.hasDifferences()).isFalse();
        assertThat(tally.summary()).isEqualTo("1 alike, 0 different, 0 unsupported by the emulator, 0 skipped");
    }

    @Test
    void aDifferenceInAnObservationNamesItsOperation() {
        assertThat(tally.compare("a", KERNEL, KERNEL.replace("+8", "+4"))).isEqualTo("""
                a:3: difference in operation 2| observe
                  kernel:     P0 vmpte=+8kB
                  emulator:   P0 vmpte=+4kB
                """);
        assertThat(tally.hasDifferences()).isTrue();
        assertThat(tally.summary()).startsWith("0 alike, 1 different, ");
    }

    @Test
    void anEmulatorThatStopsEarlyOrGoesOnIsDifferent() {
        assertThat(tally.compare("a", KERNEL, KERNEL.substring(0, KERNEL.indexOf("2|")))).isEqualTo("""
                a:2: difference in operation 2| observe
                  kernel:   2| observe =>\s
                  emulator:\s
                """);
        assertThat(tally.compare("a", KERNEL, KERNEL + "!! invariant I1\n")).isEqualTo("""
                a:5: difference in operation 2| observe
                  kernel:  \s
                  emulator: !! invariant I1
                """);
        assertThat(tally.summary()).startsWith("0 alike, 2 different, ");
    }

    @Test
    void anOperationThatTheEmulatorRefusesIsNoDifferenceButOneBeforeItIs() {
        String refused = "1| P0 write A+0 1 => UNSUPPORTED (no)\n";
        assertThat(tally.compare("a", KERNEL, refused)).isEmpty();
        assertThat(tally.hasDifferences()).isFalse();
        assertThat(tally.compare("a", "0| sleep 1 => ok\n" + KERNEL, "0| sleep 1 => no\n" + refused)).isNotEmpty();
        assertThat(tally.summary()).isEqualTo("0 alike, 1 different, 1 unsupported by the emulator, 0 skipped");
    }

    @Test
    void whatDidNotRunIsCountedApart() {
        tally.skip();
        assertThat(tally.hasSkipped()).isTrue();
        assertThat(tally.hasDifferences()).isFalse();
        tally.fail();
        assertThat(tally.hasDifferences()).isTrue();
        assertThat(tally.summary()).endsWith(", 1 skipped, 1 failed");
    }
}
