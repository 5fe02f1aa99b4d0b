package dev.cowtable.suite.vectors.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which entries of a faulting walk are listed. */
class WalkEndTest {
    @ParameterizedTest(name = "{0} l4={1} l3={2} l2={3} l1={4}, code {5}: level {6}")
    @CsvSource({"AMD, 7, 7, 7, 6, 4, 1", "AMD, 7, 7, 6, 6, 4, 2", "AMD, 6, 7, 7, 7, 4, 4", "AMD, 7, 7, 87, 6, 7, 2",
            "AMD, 7, 87, 87, 6, d, 3", "AMD, 107, 7, 7, 7, d, 4", "INTEL, 107, 7, 7, 1000000000007, d, 1",
            "AMD, 107, 7, 7, 6, 4, 1", "INTEL, 87, 7, 7, 7, d, 4", "INTEL, 7, 1000000000007, 7, 7, d, 3",
            "INTEL, 7, 7, 8000000000000007, 7, d, 2"})
    void isTheEntryThatTheCodeSpeaksOf(Vendor vendor, String l4, String l3, String l2, String l1, String code,
            int level) {
        WalkEnd walkEnd = new WalkEnd(new CpuModel(vendor, 48, false, false, false));
        long[] entries = {0, hex(l1), hex(l2), hex(l3), hex(l4), 0};

        assertThat(walkEnd.lowestLevel(entries, false, (int) hex(code))).isEqualTo(level);
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, 16);
    }
}
