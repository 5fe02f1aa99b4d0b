package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.EventLog;
import dev.cowtable.mmu.exec.Step;
import org.junit.jupiter.api.Test;

/** An interrupt is sent to all targets, then delivered to and acknowledged by each in its own time. */
class IpiStagesTest {
    private final EventLog log = new EventLog();
    private final Machine machine = Machine.builder().cpus(4).listener(log).build();
    private final Cpu sender = machine.cpu(0);

    @Test
    void masksTellTheStageOfEachTarget() {
        machine.cpu(1).enter();
        machine.cpu(2).enter();
        long[] insideHandler = new long[2];
        IpiRequest[] itself = new IpiRequest[1];
        IpiRequest request = machine.sendIpi(sender, 0b1111, target -> {
            if (itself[0] != null) {
                insideHandler[0] = itself[0].deliveredMask();
                insideHandler[1] = itself[0].acknowledgedMask();
            }
        });
        itself[0] = request;
        assertThat(request.sentMask()).isEqualTo(0b1110);
        assertThat(request.deliveredMask()).as("the idle one").isEqualTo(0b1000);
        assertThat(request.acknowledgedMask()).isEqualTo(0b1000);
        assertThat(request.isReady()).isFalse();
        assertThat(request.describe()).isEqualTo("IPI from CPU 0 to CPUs 0xe (2 outstanding)");
        machine.cpu(2).step(Step.OTHER, 0);
        assertThat(insideHandler).containsExactly(0b1100, 0b1000);
        assertThat(request.acknowledgedMask()).isEqualTo(0b1100);
        machine.cpu(1).step(Step.OTHER, 0);
        assertThat(request.isReady()).isTrue();
        assertThat(request.describe()).isEqualTo("IPI from CPU 0 to CPUs 0xe (0 outstanding)");
    }

    @Test
    void eachTargetIsSentToInOrderAndTellsItsStages() {
        machine.cpu(2).enter();
        machine.sendIpi(sender, 0b1110, target -> {});
        machine.cpu(2).leave();
        assertThat(log.take()).containsExactly("sent 0 to 1", "delivered 0 to 1", "acknowledged 0 to 1",
                "sent 0 to 2", "sent 0 to 3", "delivered 0 to 3", "acknowledged 0 to 3", "delivered 0 to 2",
                "acknowledged 0 to 2");
        assertThat(machine.ipisSent()).isEqualTo(3);
    }

    @Test
    void failingHandlerIsAcknowledgedAndTheRestIsDeliveredAtTheNextStep() {
        Cpu target = machine.cpu(1);
        target.enter();
        IpiRequest failing = machine.sendIpi(sender, 0b10, cpu -> {
            throw new IllegalStateException("broken");
        });
        IpiRequest second = machine.sendIpi(sender, 0b10, cpu -> {});
        assertThatThrownBy(() -> target.step(Step.OTHER, 0)).hasMessage("broken");
        assertThat(failing.acknowledgedMask()).isEqualTo(0b10);
        assertThat(second.deliveredMask()).isZero();
        target.step(Step.OTHER, 0);
        assertThat(second.isReady()).isTrue();
        assertThat(log.take("acknowledged")).hasSize(2);
    }

    @Test
    void handlerRunsWithInterruptsDisabledAndTheyNest() {
        Cpu target = machine.cpu(1);
        target.enter();
        boolean[] enabled = new boolean[2];
        machine.sendIpi(sender, 0b10, cpu -> {
            enabled[0] = cpu.interruptsEnabled();
            cpu.disableInterrupts();
            cpu.enableInterrupts();
            enabled[1] = cpu.interruptsEnabled();
        });
        assertThat(target.canDeliver()).isTrue();
        target.step(Step.OTHER, 0);
        assertThat(enabled).containsExactly(false, false);
        assertThat(target.interruptsEnabled()).isTrue();
        assertThat(target.canDeliver()).isFalse();
    }

    @Test
    void disabledCpuCanDeliverNothingAndDeliversAtTheEnable() {
        Cpu target = machine.cpu(1);
        target.enter();
        target.disableInterrupts();
        IpiRequest request = machine.sendIpi(sender, 0b10, cpu -> {});
        assertThat(target.canDeliver()).isFalse();
        target.enableInterrupts();
        assertThat(request.isReady()).isTrue();
    }

    @Test
    void machineOf64CpusHasAFullMask() {
        Machine large = Machine.builder().cpus(64).build();
        IpiRequest request = large.sendIpi(large.cpu(63), -1, target -> {});
        assertThat(request.sentMask()).isEqualTo(-1L >>> 1);
        assertThat(request.isReady()).isTrue();
        assertThat(large.ipisSent()).isEqualTo(63);
        assertThat(large.cpuCount()).isEqualTo(64);
        assertThatThrownBy(() -> Machine.builder().cpus(65)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("65 CPUs: 1 to 64 are possible");
        assertThatThrownBy(() -> Machine.builder().cpus(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
