package dev.cowtable.suite.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ScheduleTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0*12 1*3 0 2*7", "63*9223372036854775807"})
    void textIsReadAndPrintedUnchanged(String text) {
        assertThat(Schedule.parse(text)).hasToString(text).isEqualTo(Schedule.parse(text));
    }

    @Test
    void entriesOfOneCpuBecomeOne() {
        assertThat(Schedule.parse(" 1 1*2  0*1 ")).hasToString("1*3 0");
        assertThat(Schedule.parse("1*3 0").length()).isEqualTo(4);
    }

    @Test
    void whatIsLeftOutOrSwappedJoinsItsNeighbours() {
        assertThat(Schedule.parse("0*12 1*3 0 2*7").without(1)).hasToString("0*13 2*7");
        assertThat(Schedule.parse("0*12 1*3 0 2*7").swapped(1)).hasToString("0*13 1*3 2*7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "0*", "*3", "0*0", "-1*3", "64", "0*1*2", "0,1"})
    void badEntryIsNamed(String entry) {
        assertThatThrownBy(() -> Schedule.parse("0*3 " + entry)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + entry + "'");
    }
}
