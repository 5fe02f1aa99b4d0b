package dev.cowtable.suite.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.hardware.HardwareResult.Sighting;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class HardwareRunnerTest {
    private static final Script TWO_STORES = stage -> {
        Page x = stage.variable(0);
        stage.actor(0, core -> core.store(x, 1));
        stage.actor(1, core -> core.store(x, 2));
        stage.atEnd(() -> "x=" + stage.peek(x.entry() & ~0xfff));
    };

    private static HardwareTest.Builder builder() {
        return HardwareTest.named("two-stores", "two CPUs store one word");
    }

    private static HardwareResult run(HardwareTest test) {
        return new HardwareRunner().run(test, TlbPolicy.ADVERSARIAL);
    }

    @Test
    void eachOrderOfTwoStoresIsRunOnce() {
        HardwareResult result = run(builder().acceptable("x=1", Seen.ALWAYS, "").acceptable("x=2", Seen.ALWAYS, "")
                .script(TWO_STORES));
        assertThat(result.passes()).isTrue();
        assertThat(result.sightings().values()).extracting(Sighting::count).containsExactly(1L, 1L);
        assertThat(result.sightings().get("x=1")).extracting(Sighting::trace)
                .isEqualTo("1:USER_ACCESS 0:USER_ACCESS");
    }

    @Test
    void anOutcomeThatIsNotInTheTableIsForbidden() {
        HardwareResult result = run(builder().acceptable("x=1", "").script(TWO_STORES));
        assertThat(result.passes()).isFalse();
        assertThat(ResultTable.of(List.of(result)))
                .contains("FAILED: under ADVERSARIAL the forbidden x=2 is seen, by 0:USER_ACCESS 1:USER_ACCESS");
    }

    @Test
    void aRequiredOutcomeThatIsNotSeenFails() {
        HardwareResult result = run(builder().acceptable("x=1", "").acceptable("x=2", "")
                .interesting("x=3", Seen.ADVERSARIAL, "").script(TWO_STORES));
        assertThat(result.passes()).isFalse();
        assertThat(ResultTable.of(List.of(result))).contains("FAILED: under ADVERSARIAL x=3 is not seen");
    }

    @Test
    void whatIsRequiredUnderAnotherPolicyNeedNotBeSeen() {
        HardwareTest test = builder().acceptable("x=1", "").acceptable("x=2", "")
                .interesting("x=3", Seen.WHERE_CACHED, "").script(TWO_STORES);
        assertThat(new HardwareRunner().run(test, TlbPolicy.NONE).passes()).isTrue();
        assertThat(new HardwareRunner().run(test, TlbPolicy.REALISTIC).passes()).isFalse();
    }

    @Test
    void aBodyThatThrowsIsAnOutcome() {
        HardwareResult result = run(builder().script(stage -> stage.actor(0, core -> {
            throw new IllegalStateException("broken");
        })));
        assertThat(result.passes()).isFalse();
        assertThat(result.sightings().firstEntry().getKey()).contains("CPU 0 ends with").contains("broken");
    }

    @Test
    void aHandlerThatThrowsIsAnOutcome() {
        HardwareResult result = run(builder().script(stage -> {
            stage.actor(0, core -> core.await(core.sendIpi(1, who -> {
                throw new IllegalStateException("the handler is broken");
            })));
            stage.actor(1, core -> core.mfence());
        }));
        assertThat(result.sightings().keySet()).allMatch(text -> text.contains("the handler is broken"));
    }

    @Test
    void aWordThatChangesUndeclaredIsReported() {
        HardwareResult result = run(builder().script(stage -> {
            long table = stage.table();
            stage.actor(0, core -> core.write(table, 1));
        }));
        assertThat(result.sightings().firstEntry().getKey()).contains("changes undeclared");
    }

    @Test
    void beyondTheBoundSchedulesAreRandomAndTheTableSaysSo() {
        HardwareResult result = new HardwareRunner(false, 1, 50).run(builder().acceptable("x=1", Seen.ALWAYS, "")
                .acceptable("x=2", Seen.ALWAYS, "").script(TWO_STORES), TlbPolicy.REALISTIC);
        assertThat(result.passes()).isTrue();
        assertThat(result.schedules()).isEqualTo(51);
        assertThat(result.randomSchedules()).isEqualTo(50);
        assertThat(ResultTable.of(List.of(result))).contains("then random ones");
    }

    @Test
    void twoRowsForOneOutcomeAreRefused() {
        HardwareTest.Builder test = builder().acceptable("x=1", "");
        assertThatThrownBy(() -> test.forbidden("x=1", "")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("two rows for 'x=1'");
    }
}
