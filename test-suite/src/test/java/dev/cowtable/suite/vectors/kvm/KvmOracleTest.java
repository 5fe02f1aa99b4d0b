package dev.cowtable.suite.vectors.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.VectorResult;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Single accesses whose outcome the manuals give word for word. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KvmOracleTest {
    private static final long VADDR = 0x1234_5678_9abcL & ~3;
    private static final long NX = 1L << 63;
    private static final long A = 0x20;
    private static final long D = 0x40;
    private static final int ALL = 7;

    private VectorOracle oracle;

    @BeforeAll
    void open() throws IOException {
        oracle = OpenKvm.orSkip(CpuModel.AMD.withMaxPhyAddr(48));
    }

    @AfterAll
    void close() throws IOException {
        if (oracle != null) {
            oracle.close();
        }
    }

    @ParameterizedTest(name = "CPL {0}, {1}, leaf {2}: error code {3}")
    @CsvSource({"3, W, 5, 7", "3, R, 6, 4", "3, W, 6, 6", "3, R, 3, 5", "3, X, 3, 15", "3, X, 6, 14", "0, W, 5, 3",
            "0, W, 6, 2", "0, R, 6, 0", "0, X, 6, 10"})
    void rightsOfTheLeafGiveTheErrorCode(int cpl, VectorAccess access, long leaf, String errorCode) throws IOException {
        RecordedVector recorded = perform(shape(cpl, access, VADDR, ALL, ALL, ALL, leaf));

        assertFault(recorded, errorCode, 1);
        assertThat(recorded.result().entries()[1]).isEqualTo(recorded.input().entry(1));
    }

    @ParameterizedTest(name = "CPL {0}, {1}: error code {2}")
    @CsvSource({"3, R, d", "3, W, f", "3, X, 1d", "0, R, 9", "0, W, b", "0, X, 19"})
    void bitSevenOfTheTopEntryIsReserved(int cpl, VectorAccess access, String errorCode) throws IOException {
        assertFault(perform(shape(cpl, access, VADDR, ALL | 0x80, ALL, ALL, ALL)), errorCode, 4);
    }

    @ParameterizedTest(name = "CPL {0}: error code {1}")
    @CsvSource({"3, 15", "0, 11"})
    void executeDisableDeniesFetches(int cpl, String errorCode) throws IOException {
        assertFault(perform(shape(cpl, VectorAccess.X, VADDR, ALL, ALL, ALL, ALL | NX)), errorCode, 1);
    }

    @Test
    void executeDisableIsReservedWithoutNxe() throws IOException {
        VectorInput shape = shape(3, VectorAccess.X, VADDR, ALL, ALL | NX, ALL, ALL);

        assertFault(perform(withControls(shape, true, false)), "d", 3);
    }

    @Test
    void addressBitAboveTheWidthIsReserved() throws IOException {
        int width = oracle.scope().model().maxPhyAddr();
        Assumptions.assumeTrue(width < 52, "all physical address bits are in use");

        assertFault(perform(shape(3, VectorAccess.R, VADDR, ALL, ALL, ALL | 1L << width, ALL)), "d", 2);
        assertFault(perform(shape(3, VectorAccess.R, VADDR, ALL, ALL, ALL, ALL | 1L << 51)), "d", 1);
    }

    @Test
    void supervisorWritesAReadOnlyPageWithoutWp() throws IOException {
        VectorInput shape = shape(0, VectorAccess.W, VADDR, ALL, ALL, 5, 5);

        assertDone(perform(withControls(shape, false, true)), 1);
        assertFault(perform(withControls(shape, true, true)), "3", 1);
    }

    @Test
    void readSetsAccessedInEveryEntryAndDirtyInNone() throws IOException {
        RecordedVector recorded = perform(shape(3, VectorAccess.R, VADDR, ALL, ALL, ALL, ALL));

        assertDone(recorded, 1);
        for (int level = 1; level <= 4; level++) {
            assertThat(recorded.result().entries()[level]).isEqualTo(recorded.input().entry(level) | A);
        }
    }

    @Test
    void writeSetsDirtyInTheLeafAlone() throws IOException {
        RecordedVector recorded = perform(shape(0, VectorAccess.W, VADDR, ALL, ALL, ALL, ALL));

        assertDone(recorded, 1);
        assertThat(recorded.result().entries()[1]).isEqualTo(recorded.input().entry(1) | A | D);
        assertThat(recorded.result().entries()[2]).isEqualTo(recorded.input().entry(2) | A);
    }

    @ParameterizedTest(name = "CPL {0}, {1}")
    @CsvSource({"3, R", "3, W", "3, X", "0, R", "0, W", "0, X"})
    void largePageTakesTwentyOneBitsOfTheAddress(int cpl, VectorAccess access) throws IOException {
        RecordedVector recorded = perform(shape(cpl, access, VADDR, ALL, ALL, ALL | 0x80, 0));

        assertDone(recorded, 2);
        long frame = recorded.input().entry(2) & 0xf_ffff_ffe0_0000L;
        assertThat(recorded.result().value()).isEqualTo(frame | VADDR & 0x1f_ffff);
    }

    @ParameterizedTest(name = "CPL {0}, {1}")
    @CsvSource({"3, R", "3, W", "3, X", "0, R", "0, W", "0, X"})
    void addressThatIsNotCanonicalChangesNothing(int cpl, VectorAccess access) throws IOException {
        RecordedVector recorded = perform(shape(cpl, access, VADDR | 1L << 62, ALL, ALL, ALL, ALL));

        assertThat(recorded.result().kind()).isEqualTo(VectorResult.Kind.GP);
    }

    @ParameterizedTest
    @CsvSource({"1, 0, R", "1, 3, W", "2, 3, R", "2, 0, W", "4, 0, R", "4, 3, W", "8, 3, R", "8, 0, W"})
    void everySizeIsAccessed(int sizeBytes, int cpl, VectorAccess access) throws IOException {
        long lastVaddr = (VADDR | 0xfff) + 1 - sizeBytes;

        assertDone(perform(shape(cpl, access, lastVaddr, sizeBytes, ALL, ALL, ALL, ALL)), 1);
    }

    @Test
    void harnessAddressesAndMissingFeaturesAreRefused() {
        assertThatThrownBy(() -> perform(shape(0, VectorAccess.R, GuestLayout.USER_VADDR, ALL, ALL, ALL, ALL)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("harness");
        assertThatThrownBy(() -> perform(shape(3, VectorAccess.KR, VADDR, ALL, ALL, ALL, ALL)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lacks");
    }

    @Test
    void describesWhatAnswers() {
        assertThat(oracle.describe()).contains("KVM of Linux ", "guest CPU: vendor ", "PKS").doesNotContain("\n");
    }

    private RecordedVector perform(VectorInput shape) throws IOException {
        return oracle.perform(List.of(shape)).getFirst();
    }

    private static void assertDone(RecordedVector recorded, int leafLevel) {
        assertThat(recorded.result().kind()).isEqualTo(VectorResult.Kind.OK);
        assertThat(recorded.result().lowestLevel()).isEqualTo(leafLevel);
    }

    private static void assertFault(RecordedVector recorded, String errorCode, int lowestLevel) {
        assertThat(recorded.result().kind()).isEqualTo(VectorResult.Kind.PF);
        assertThat(Integer.toHexString(recorded.result().errorCode())).isEqualTo(errorCode);
        assertThat(recorded.result().value()).isEqualTo(recorded.input().va());
        assertThat(recorded.result().lowestLevel()).isEqualTo(lowestLevel);
    }

    private static VectorInput shape(int cpl, VectorAccess access, long vaddr, long l4, long l3, long l2, long l1) {
        return shape(cpl, access, vaddr, 1, l4, l3, l2, l1);
    }

    private static VectorInput shape(int cpl, VectorAccess access, long vaddr, int sizeBytes, long l4, long l3, long l2,
            long l1) {
        return new VectorInput(1, cpl, true, true, false, false, false, false, 0, false, 0, access, sizeBytes, vaddr,
                new long[] {0, l1, l2, l3, l4, 0});
    }

    private static VectorInput withControls(VectorInput shape, boolean wp, boolean nxe) {
        return new VectorInput(1, shape.cpl(), wp, nxe, false, false, false, false, 0, false, 0, shape.access(), 1,
                shape.va(), shape.entries());
    }
}
