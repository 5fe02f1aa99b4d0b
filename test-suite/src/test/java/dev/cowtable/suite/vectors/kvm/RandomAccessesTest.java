package dev.cowtable.suite.vectors.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorOracle;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Random accesses, enough for every root to be used more than twice. */
class RandomAccessesTest {
    private static final int NR_ACCESSES = 5000;

    @ParameterizedTest(name = "{0}, {1} physical address bits")
    @CsvSource({"INTEL, 36", "INTEL, 52", "AMD, 40", "AMD, 48"})
    void followTheManual(Vendor vendor, int maxPhyAddr) throws IOException {
        try (VectorOracle oracle = OpenKvm.orSkip(new CpuModel(vendor, maxPhyAddr, true, false, false))) {
            CpuModel model = oracle.scope().model();
            var shapes = new RandomShapes(new SplittableRandom(maxPhyAddr), oracle.scope()).take(NR_ACCESSES);

            assertThat(differences(model, oracle.perform(shapes))).isEmpty();
        }
    }

    /** The same slots of the same tables are used again and again: what is cached of them would be used wrongly. */
    @Test
    void leaveNothingBehindForLaterOnes() throws IOException {
        try (VectorOracle oracle = OpenKvm.orSkip(CpuModel.INTEL)) {
            CpuModel model = oracle.scope().model();
            var shapes = new RandomShapes(new SplittableRandom(2), oracle.scope(), 0x1234_5678_9000L).take(NR_ACCESSES);

            assertThat(differences(model, oracle.perform(shapes))).isEmpty();
        }
    }

    @Test
    void areSpreadOverTheFrameBits() throws IOException {
        try (VectorOracle oracle = OpenKvm.orSkip(CpuModel.INTEL.withMaxPhyAddr(36))) {
            long ever = 0;
            long always = -1;
            var shapes = new RandomShapes(new SplittableRandom(1), oracle.scope()).take(500);
            for (RecordedVector recorded : oracle.perform(shapes)) {
                if (recorded.result().lowestLevel() == 1 && recorded.result().errorCode() == 0) {
                    ever |= recorded.result().value();
                    always &= recorded.result().value();
                }
            }
            assertThat(ever & ~always & 0x7_ffff_f000L).isEqualTo(0x7_ffff_f000L);
        }
    }

    private static List<String> differences(CpuModel model, List<RecordedVector> recorded) {
        return recorded.stream().map(one -> Expectation.difference(model, one))
                .filter(line -> !line.isEmpty()).toList();
    }
}
