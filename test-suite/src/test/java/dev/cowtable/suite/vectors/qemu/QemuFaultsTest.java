package dev.cowtable.suite.vectors.qemu;

import static dev.cowtable.suite.vectors.VectorAccess.KR;
import static dev.cowtable.suite.vectors.VectorAccess.KW;
import static dev.cowtable.suite.vectors.VectorAccess.R;
import static dev.cowtable.suite.vectors.VectorAccess.W;
import static dev.cowtable.suite.vectors.VectorAccess.X;
import static dev.cowtable.suite.vectors.qemu.Shape.supervisor;
import static dev.cowtable.suite.vectors.qemu.Shape.user;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.VectorResult;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.jspecify.annotations.NullUnmarked;

/** One hand-computed vector for each cause, and its neighbour that is no fault. */
@NullUnmarked
final class QemuFaultsTest {
    private static final int DONE = -1;
    private static final long KEY_5 = 5L << Entry.KEY_SHIFT;
    private static final int DENY_5 = 1 << 10;
    private static final int NO_WRITE_5 = 2 << 10;
    private static final long HIGH_RESERVED = 1L << 50;

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

    @ParameterizedTest(name = "{0}")
    @MethodSource({"notPresent", "rights", "reserved", "supervisorModes", "userKeys", "supervisorKeys"})
    void theErrorCodeIsTheManuals(String cause, Shape shape, int errorCode) throws IOException {
        VectorInput asked = shape.build();
        RecordedVector recorded = OpenQemu.one(oracle, asked);
        VectorResult result = recorded.result();
        if (errorCode == DONE) {
            assertThat(result.kind()).isEqualTo(VectorResult.Kind.OK);
            return;
        }
        assertThat(result.kind()).isEqualTo(VectorResult.Kind.PF);
        assertThat(result.errorCode()).isEqualTo(errorCode);
        assertThat(result.value()).isEqualTo(recorded.input().va());
        int lowest = result.lowestLevel();
        assertThat(result.entries()[lowest]).isEqualTo(recorded.input().entry(lowest));
    }

    static Stream<Arguments> notPresent() {
        return Stream.of(
                arguments("user read, PML4E", user(R).without(4, Entry.P), 0x4),
                arguments("user read, PDPTE", user(R).without(3, Entry.P), 0x4),
                arguments("user read, PDE", user(R).without(2, Entry.P), 0x4),
                arguments("user write, PTE", user(W).without(1, Entry.P), 0x6),
                arguments("user fetch", user(X).entry(1, 0), 0x14),
                arguments("user fetch without NXE and SMEP", user(X).entry(1, 0).noNxe(), 0x4),
                arguments("user fetch without NXE, with SMEP", user(X).entry(1, 0).noNxe().smep(), 0x14),
                arguments("supervisor read", supervisor(R).entry(1, 0), 0x0),
                arguments("supervisor write", supervisor(W).entry(1, 0), 0x2),
                arguments("supervisor fetch", supervisor(X).entry(1, 0), 0x10),
                arguments("implicit read", supervisor(KR).entry(1, 0), 0x0),
                arguments("implicit write", supervisor(KW).entry(1, 0), 0x2),
                arguments("with all bits set but P", user(R).entry(1, -2L), 0x4),
                arguments("below an entry that forbids", user(W).without(4, Entry.RW | Entry.US).entry(2, 0), 0x6));
    }

    static Stream<Arguments> rights() {
        return Stream.of(
                arguments("user write to a read-only page", user(W).without(1, Entry.RW), 0x7),
                arguments("user write, no W in the PML4E, WP=0", user(W).without(4, Entry.RW).noWp(), 0x7),
                arguments("supervisor write, WP=1", supervisor(W).supervisorPage().without(2, Entry.RW), 0x3),
                arguments("supervisor write, WP=0", supervisor(W).supervisorPage().without(2, Entry.RW).noWp(), DONE),
                arguments("implicit write, WP=1", supervisor(KW).supervisorPage().without(1, Entry.RW), 0x3),
                arguments("implicit write, WP=0", supervisor(KW).supervisorPage().without(1, Entry.RW).noWp(), DONE),
                arguments("user read of a supervisor page", user(R).without(1, Entry.US), 0x5),
                arguments("user read, supervisor's PDPTE", user(R).without(3, Entry.US), 0x5),
                arguments("implicit read of a supervisor page", supervisor(KR).without(1, Entry.US), DONE),
                arguments("user fetch of a supervisor page", user(X).without(1, Entry.US), 0x15),
                arguments("user fetch, XD in the PTE", user(X).with(1, Entry.XD), 0x15),
                arguments("supervisor fetch, XD in the PML4E", supervisor(X).supervisorPage().with(4, Entry.XD), 0x11),
                arguments("user read of an XD page", user(R).with(1, Entry.XD), DONE));
    }

    static Stream<Arguments> reserved() {
        long huge = Shape.ALL_RIGHTS | Entry.PS;
        return Stream.of(
                arguments("bit 50 in the PTE, user read", user(R).with(1, HIGH_RESERVED), 0xd),
                arguments("bit 50 in the PML4E, user write", user(W).with(4, HIGH_RESERVED), 0xf),
                arguments("bit 50 in the PDE, supervisor read", supervisor(R).with(2, HIGH_RESERVED), 0x9),
                arguments("bit 48, the first above the width", supervisor(W).with(1, 1L << 48), 0xb),
                arguments("bit 52, ignored", supervisor(W).with(1, 1L << 52), DONE),
                arguments("PS in the PML4E", user(X).with(4, Entry.PS), 0x1d),
                arguments("XD without NXE", user(R).with(3, Entry.XD).noNxe(), 0xd),
                arguments("XD without NXE, fetch", supervisor(X).supervisorPage().with(1, Entry.XD).noNxe(), 0x9),
                arguments("bit 13 in a 2 MiB leaf", user(R).entry(2, huge | 1 << 13), 0xd),
                arguments("bit 20 in a 2 MiB leaf", user(W).entry(2, huge | 1 << 20), 0xf),
                arguments("bit 12 in a 2 MiB leaf, PAT", user(R).entry(2, huge | 1 << 12), DONE),
                arguments("bit 29 in a 1 GiB leaf", user(R).entry(3, huge | 1 << 29), 0xd),
                arguments("bit 13 in a 1 GiB leaf, implicit", supervisor(KR).entry(3, huge | 1 << 13), 0x9),
                arguments("before rights of the level above", user(W).without(4, Entry.US).with(1, HIGH_RESERVED), 0xf),
                arguments("without P, nothing", user(R).entry(1, HIGH_RESERVED), 0x4));
    }

    static Stream<Arguments> supervisorModes() {
        return Stream.of(
                arguments("fetch from a user page, SMEP", supervisor(X).smep(), 0x11),
                arguments("fetch from a user page, no SMEP", supervisor(X), DONE),
                arguments("fetch under a supervisor's PML4E, SMEP", supervisor(X).without(4, Entry.US).smep(), DONE),
                arguments("read of a user page, SMAP", supervisor(R).smap(), 0x1),
                arguments("read of a user page, SMAP and AC", supervisor(R).smap().ac(), DONE),
                arguments("write to a user page, SMAP", supervisor(W).smap().noWp(), 0x3),
                arguments("fetch from a user page, SMAP", supervisor(X).smap(), DONE),
                arguments("user read, SMAP", user(R).smap(), DONE),
                arguments("implicit read, SMAP and AC", supervisor(KR).smap().ac(), 0x1),
                arguments("implicit write, SMAP and AC", supervisor(KW).smap().ac(), 0x3),
                arguments("1 GiB user page, SMAP", supervisor(R).with(3, Entry.PS).smap(), 0x1));
    }

    static Stream<Arguments> userKeys() {
        return Stream.of(
                arguments("user read, AD", user(R).with(1, KEY_5).pkru(DENY_5), 0x25),
                arguments("user read, AD of all other keys", user(R).with(1, KEY_5).pkru(0x5555_5555 & ~DENY_5), DONE),
                arguments("key of the PDE, which is no leaf", user(R).with(2, KEY_5).pkru(DENY_5), DONE),
                arguments("user write, WD, WP=0", user(W).with(1, KEY_5).pkru(NO_WRITE_5).noWp(), 0x27),
                arguments("user write, WD and no W", user(W).entry(1, 5 | KEY_5).pkru(NO_WRITE_5), 0x27),
                arguments("user read, WD", user(R).with(1, KEY_5).pkru(NO_WRITE_5), DONE),
                arguments("user fetch, AD", user(X).with(1, KEY_5).pkru(DENY_5), DONE),
                arguments("supervisor write, WD, WP=1", supervisor(W).with(1, KEY_5).pkru(NO_WRITE_5), 0x23),
                arguments("supervisor write, WD, WP=0", supervisor(W).with(1, KEY_5).pkru(NO_WRITE_5).noWp(), DONE),
                arguments("supervisor page, AD", supervisor(R).without(3, Entry.US).with(1, KEY_5).pkru(DENY_5), DONE),
                arguments("2 MiB page, AD", user(R).with(2, KEY_5 | Entry.PS).pkru(DENY_5), 0x25),
                arguments("1 GiB page, AD", user(W).with(3, KEY_5 | Entry.PS).pkru(DENY_5), 0x27),
                arguments("reserved bit, AD", user(R).with(1, KEY_5 | HIGH_RESERVED).pkru(DENY_5), 0xd));
    }

    static Stream<Arguments> supervisorKeys() {
        return Stream.of(
                arguments("read, AD", supervisor(R).supervisorPage().with(1, KEY_5).pkrs(DENY_5), 0x21),
                arguments("write, WD, WP=1", supervisor(W).supervisorPage().with(1, KEY_5).pkrs(NO_WRITE_5), 0x23),
                arguments("write, WD, WP=0",
                        supervisor(W).supervisorPage().with(1, KEY_5).pkrs(NO_WRITE_5).noWp(), DONE),
                arguments("fetch, AD", supervisor(X).supervisorPage().with(1, KEY_5).pkrs(DENY_5), DONE),
                arguments("user page, AD", supervisor(R).with(1, KEY_5).pkrs(DENY_5), DONE),
                arguments("key 0, AD", supervisor(R).supervisorPage().pkrs(1), 0x21),
                arguments("every key, AD and WD", supervisor(W).supervisorPage().with(1, KEY_5).pkrs(-1), 0x23),
                arguments("implicit read, AD", supervisor(KR).supervisorPage().with(1, KEY_5).pkrs(DENY_5), 0x21),
                arguments("implicit write, WD", supervisor(KW).supervisorPage().with(1, KEY_5).pkrs(NO_WRITE_5), 0x23),
                arguments("1 GiB page, AD",
                        supervisor(R).supervisorPage().with(3, KEY_5 | Entry.PS).pkrs(DENY_5), 0x21));
    }
}
