package dev.cowtable.suite.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.hardware.catalogue.HardwareTests;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The emulator does all that the tables require and nothing that they forbid. */
@Timeout(300)
final class HardwareTestsTest {
    /** Above this many orders of steps the search without sleep sets would take too long. */
    private static final long MOST_ORDERS = 4_000;

    static Stream<Arguments> testsUnderPolicies() {
        return HardwareTests.all().stream().flatMap(test -> Stream.of(TlbPolicy.values())
                .map(policy -> Arguments.of(test.name(), policy)));
    }

    @ParameterizedTest
    @MethodSource("testsUnderPolicies")
    void everyInterleavingIsAllowed(String name, TlbPolicy policy) {
        HardwareResult result = new HardwareRunner().run(HardwareTests.named(HardwareTests.all(), name), policy);
        assertThat(result.passes()).as(() -> ResultTable.of(List.of(result))).isTrue();
        assertThat(result.randomSchedules()).as("interleavings left to chance").isZero();
    }

    static Stream<String> names() {
        return HardwareTests.all().stream().map(HardwareTest::name);
    }

    /** Sleep sets save runs and lose no outcome. */
    @ParameterizedTest
    @MethodSource("names")
    void everyOrderOfStepsHasAnOutcomeOfTheReducedSearch(String name) {
        HardwareTest test = HardwareTests.named(HardwareTests.all(), name);
        HardwareResult reduced = new HardwareRunner().run(test, TlbPolicy.ADVERSARIAL);
        HardwareResult full = new HardwareRunner(false, MOST_ORDERS, 0).run(test, TlbPolicy.ADVERSARIAL);
        assertThat(full.schedules()).isGreaterThanOrEqualTo(reduced.schedules());
        assertThat(reduced.sightings().keySet()).containsAll(full.sightings().keySet());
        if (full.schedules() < MOST_ORDERS) {
            assertThat(full.sightings().keySet()).containsAll(reduced.sightings().keySet());
        }
    }

    @Test
    void namesAreUnique() {
        Set<String> seen = new HashSet<>();
        assertThat(HardwareTests.all()).allMatch(test -> seen.add(test.name())).hasSizeGreaterThan(80);
    }
}
