package dev.cowtable.mm.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.Test;

class FailureInjectionTest {
    private final Cpu cpu = Machine.builder().build().cpu(0);
    private final FailureInjection failures = new FailureInjection();

    /** One letter an allocation: F failed, p passed. */
    private String outcomes(int n) {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < n; i++) {
            letters.append(failures.shouldFail(cpu) ? 'F' : 'p');
        }
        return letters.toString();
    }

    @Test
    void nothingFailsUnlessItIsAskedFor() {
        assertThat(outcomes(5)).isEqualTo("ppppp");
    }

    @Test
    void onceFailsTheOneAfterTheSkippedAndNoOther() {
        failures.failOnceAfter(2);
        assertThat(outcomes(6)).isEqualTo("ppFppp");
        failures.failOnceAfter(0);
        assertThat(outcomes(3)).isEqualTo("Fpp");
    }

    @Test
    void allFailFromThereOnUntilSwitchedOff() {
        failures.failAllAfter(1);
        assertThat(outcomes(4)).isEqualTo("pFFF");
        failures.off();
        assertThat(outcomes(2)).isEqualTo("pp");
    }

    @Test
    void attemptsCountFailedOnesToo() {
        failures.failAllAfter(1);
        outcomes(4);
        assertThat(failures.attempts()).isEqualTo(4);
    }
}
