package dev.cowtable.suite.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.hardware.catalogue.HardwareTests;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A program that forgets something is caught by the table of the one that does not. */
@Timeout(300)
final class PlantedFaultsTest {
    private static HardwareResult judge(String faulty, String table, TlbPolicy policy) {
        HardwareTest broken = HardwareTests.named(HardwareTests.all(), faulty);
        return new HardwareRunner().run(HardwareTests.named(HardwareTests.all(), table).judging(broken), policy);
    }

    private static List<String> forbiddenSeen(HardwareResult result) {
        return result.rows().stream().filter(result::isForbiddenButSeen).map(Outcome::text).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            invlpg-omitted          | invlpg                   | 1
            invlpg-too-early        | invlpg                   | 1
            pde-changed             | pde-changed-invlpg       | 1
            ipi-unawaited           | ipi-acknowledged         | 1, 1
            ipi-omitted             | ipi-acknowledged         | 1, 1
            ipi-too-early           | ipi-acknowledged         | 1, 1
            mp-remap                | ipi-acknowledged         | 1, 1
            lazy-tlb-unmarked       | lazy-tlb                 | 1, 1
            ipi-omitted             | invlpgb-tlbsync          | 1, 1
            invlpgb-final-only      | invlpgb-structures       | 1
            frame-reuse-early       | frame-reuse              | 9
            frame-reuse-store-early | frame-reuse-store        | ok, 7
            table-reuse-early       | table-reuse              | 9
            dirty-cleared           | dirty-cleared-flushed    | 1, ok, D=0
            accessed-cleared        | accessed-cleared-flushed | 1, 1, A=0
            clean-page-unflushed    | clean-page               | 1, D=0
            revoke-unflushed        | revoke                   | 1, ok
            revoke-table-one        | revoke-table             | 1, ok
            rwc-remap               | rwc-remap-invlpg         | 2, 0, 1
            split-large             | split-large-shootdown    | 1, 1
            context-none            | context-invlpg           | 1, 1, 1, 1
            context-invpcid-0       | context-invpcid-1        | 2, 1, 1, 1
            context-cr3-kept        | context-cr3              | 1, 1, 1, 1
            context-invpcid-3       | context-invpcid-2        | 2, 2, 1, 2
            """)
    void aForgottenInvalidationIsSeenWhereTranslationsAreCached(String faulty, String table, String outcome) {
        HardwareResult result = judge(faulty, table, TlbPolicy.ADVERSARIAL);
        assertThat(result.passes()).isFalse();
        assertThat(forbiddenSeen(result)).contains(outcome);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            sb                  | sb-mfence              | 0, 0
            sb-synonym          | sb-locked              | 0, 0
            walk-buffered       | walk-mfence            | #PF
            walk-buffered       | walk-invlpg            | #PF
            sb-walk             | sb-walk-mfence         | 0, #PF
            software-walk-early | software-walk          | 9
            invlpgb-table-reuse-unsynced | invlpgb-table-reuse | 9
            dirty-plain         | dirty-locked-and       | ok, D=0
            dirty-plain         | dirty-exchange         | ok, D=0
            accessed-plain      | accessed-locked        | A=0, S=1
            """)
    void aForgottenFenceOrLockIsSeenWithoutAnyCache(String faulty, String table, String outcome) {
        HardwareResult result = judge(faulty, table, TlbPolicy.NONE);
        assertThat(result.passes()).isFalse();
        assertThat(forbiddenSeen(result)).containsExactly(outcome);
    }

    /** Why the adversarial policy is there. */
    @ParameterizedTest
    @CsvSource({"invlpg-omitted, invlpg", "ipi-omitted, ipi-acknowledged", "revoke-unflushed, revoke"})
    void anEmulatorThatCachesNothingHidesForgottenInvalidations(String faulty, String table) {
        assertThat(forbiddenSeen(judge(faulty, table, TlbPolicy.NONE))).isEmpty();
    }
}
