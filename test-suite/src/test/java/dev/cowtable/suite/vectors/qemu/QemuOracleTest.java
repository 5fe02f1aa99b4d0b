package dev.cowtable.suite.vectors.qemu;

import static dev.cowtable.suite.vectors.VectorAccess.KR;
import static dev.cowtable.suite.vectors.VectorAccess.KW;
import static dev.cowtable.suite.vectors.VectorAccess.R;
import static dev.cowtable.suite.vectors.VectorAccess.W;
import static dev.cowtable.suite.vectors.VectorAccess.X;
import static dev.cowtable.suite.vectors.qemu.Shape.ALL_RIGHTS;
import static dev.cowtable.suite.vectors.qemu.Shape.supervisor;
import static dev.cowtable.suite.vectors.qemu.Shape.user;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorChecker;
import dev.cowtable.suite.vectors.VectorGenerator;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.VectorResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.jspecify.annotations.NullUnmarked;

@NullUnmarked
final class QemuOracleTest {
    private static final long HUGE = ALL_RIGHTS | Entry.PS;
    private static final long FIRST_NOT_CANONICAL = 0x0000_8000_0000_0000L;
    private static final long GIGABYTE = 1L << 30;

    private static VectorOracle oracle;

    @BeforeAll
    static void open() throws IOException {
        oracle = OpenQemu.with(48, false);
    }

    @AfterAll
    static void close() throws IOException {
        if (oracle != null) {
            oracle.close();
        }
    }

    @Test
    void theScopeIsAnIntelCpuWithAllThatIsAsked() {
        assertThat(oracle.scope().toString()).isEqualTo("VectorScope[model=CpuModel[vendor=INTEL, maxPhyAddr=48, "
                + "gigabytePages=true, la57=false, invlpgb=false], smep=true, smap=true, pke=true, pks=true, "
                + "implicit=true]");
        assertThat(oracle.describe()).startsWith("QEMU emulator version").contains("TCG", "phys-bits=48", "corrected:");
    }

    @ParameterizedTest
    @EnumSource(VectorAccess.class)
    void anAccessSetsAccessedEverywhereAndAWriteDirtyInTheLeaf(VectorAccess access) throws IOException {
        RecordedVector recorded = one(access.isImplicit() ? supervisor(access) : user(access));
        boolean write = access == W || access == KW;
        assertDone(recorded, write ? Entry.D : 0);
        assertThat(recorded.result().value()).isEqualTo(
                Entry.paddr(recorded.input().entry(1)) + (recorded.input().va() & 0xfff));
    }

    @ParameterizedTest
    @CsvSource({"R,1", "R,2", "R,4", "R,8", "W,1", "W,2", "W,4", "W,8", "X,1"})
    void theLastBytesOfAPageAreReached(VectorAccess access, int sizeBytes) throws IOException {
        long vaddr = (Shape.VADDR | 0xfff) + 1 - sizeBytes;
        RecordedVector recorded = one(supervisor(access).supervisorPage().at(vaddr, sizeBytes));
        assertThat(recorded.result().kind()).isEqualTo(VectorResult.Kind.OK);
        assertThat(recorded.result().value() & 0xfff).isEqualTo(0x1000 - sizeBytes);
    }

    @ParameterizedTest
    @EnumSource(VectorAccess.class)
    void aTwoMegabyteLeafGivesTwentyOneBitsOfTheAddress(VectorAccess access) throws IOException {
        RecordedVector recorded = one(supervisor(access).entry(2, HUGE | Entry.LARGE_PAT));
        assertThat(recorded.result().value()).isEqualTo((Entry.paddr(recorded.input().entry(2)) & ~0x1fffffL)
                + (recorded.input().va() & 0x1fffff));
        assertThat(recorded.result().lowestLevel()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(VectorAccess.class)
    void aGigabyteLeafGivesThirtyBitsOfTheAddress(VectorAccess access) throws IOException {
        RecordedVector recorded = one(supervisor(access).entry(3, HUGE | Entry.LARGE_PAT));
        assertThat(recorded.result().value()).isEqualTo((Entry.paddr(recorded.input().entry(3)) & -GIGABYTE)
                + (recorded.input().va() & GIGABYTE - 1));
        assertThat(recorded.result().lowestLevel()).isEqualTo(3);
    }

    @Test
    void aFaultingGigabyteLeafKeepsAccessedAsItWas() throws IOException {
        RecordedVector recorded = one(user(R).entry(3, HUGE & ~Entry.US));
        assertThat(recorded.result().errorCode()).isEqualTo(5);
        assertThat(recorded.result().entries()[3]).isEqualTo(recorded.input().entry(3));
        assertThat(oracle.describe()).doesNotEndWith("taken back 0 times");
    }

    @ParameterizedTest
    @EnumSource(VectorAccess.class)
    void anAddressThatIsNotCanonicalMeetsNoEntry(VectorAccess access) throws IOException {
        RecordedVector recorded = one(supervisor(access).at(FIRST_NOT_CANONICAL | Shape.VADDR, 1));
        assertThat(recorded.result().kind()).isEqualTo(VectorResult.Kind.GP);
        assertThat(recorded.result().lowestLevel()).isEqualTo(5);
    }

    @Test
    void aWalkThatMeetsAReservedBitEndsThere() throws IOException {
        RecordedVector recorded = one(user(R).with(3, 1L << 50));
        assertThat(recorded.result().lowestLevel()).isEqualTo(3);
        assertThat(recorded.input().entry(2)).isZero();
    }

    @Test
    void accessesOfOneBatchDoNotDisturbEachOther() throws IOException {
        List<VectorInput> shapes = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            shapes.add((i % 3 == 0 ? supervisor(KW) : i % 3 == 1 ? user(W) : supervisor(KR)).entry(2, HUGE).build());
        }
        assertThat(oracle.perform(shapes)).hasSize(3000)
                .allMatch(recorded -> recorded.result().kind() == VectorResult.Kind.OK);
    }

    @Test
    void aShapeOutsideTheScopeIsRefused() throws IOException {
        try (VectorOracle own = OpenQemu.with(40, false)) {
            VectorInput shape = Shape.user(KR).build();
            VectorInput atCpl0 = new VectorInput(1, 0, true, true, false, false, false, false, 0, false, 0,
                    shape.access(), 8, shape.va(), shape.entries());
            assertThatThrownBy(() -> own.perform(List.of(atCpl0))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("not in the oracle's scope");
        }
    }

    @ParameterizedTest
    @CsvSource({"36,false", "39,true", "48,false", "52,true"})
    void generatedVectorsComeOutAsInTheEmulator(int maxPhyAddr, boolean la57) throws IOException {
        try (VectorOracle own = OpenQemu.with(maxPhyAddr, la57)) {
            VectorGenerator generator = new VectorGenerator(own.scope(), maxPhyAddr);
            VectorChecker checker = new VectorChecker();
            for (RecordedVector recorded : own.perform(generator.next(5000))) {
                assertThat(checker.check(recorded, own.scope().model())).as(recorded.toString()).isNull();
            }
        }
    }

    @Test
    void fiveLevelsAreWalkedAndCheckedFromTheTop() throws IOException {
        long vaddr = 0x00aa_1234_5678_9abcL;
        try (VectorOracle own = OpenQemu.with(48, true)) {
            assertThat(own.scope().model().la57()).isTrue();
            assertDone(OpenQemu.one(own, user(X).at(vaddr, 1).build()), 0);
            assertThat(OpenQemu.one(own, user(R).at(vaddr, 1).without(5, Entry.US).build()).result().errorCode())
                    .isEqualTo(0x5);
            assertThat(OpenQemu.one(own, user(R).at(vaddr, 1).with(5, Entry.PS).build()).result().errorCode())
                    .isEqualTo(0xd);
            assertThat(OpenQemu.one(own, user(W).at(vaddr, 1).entry(5, 0).build()).result().lowestLevel()).isEqualTo(5);
            assertThat(OpenQemu.one(own, user(R).at(1L << 56 | vaddr, 1).build()).result().kind())
                    .isEqualTo(VectorResult.Kind.GP);
        }
    }

    private static RecordedVector one(Shape shape) throws IOException {
        return OpenQemu.one(oracle, shape.build());
    }

    /** Each entry got A, the leaf also the bits given. */
    private static void assertDone(RecordedVector recorded, long leafBits) {
        VectorResult result = recorded.result();
        assertThat(result.kind()).isEqualTo(VectorResult.Kind.OK);
        for (int level = result.lowestLevel(); level <= VectorInput.LEVELS; level++) {
            long before = recorded.input().entry(level);
            long set = before == 0 ? 0 : Entry.A | (level == result.lowestLevel() ? leafBits : 0);
            assertThat(result.entries()[level]).as("level %d", level).isEqualTo(before | set);
        }
    }
}
