package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Delivery of IPIs, all CPUs driven by the test's own thread. */
class InterruptTest {
    private final Machine machine = Machine.builder().cpus(4).build();
    private final Cpu sender = machine.cpu(0);
    private final Cpu target = machine.cpu(1);
    private final List<String> log = new ArrayList<>();

    @Test
    void idleTargetIsServedByTheSenderAtOnce() {
        IpiRequest request =
                machine.sendIpi(sender, 0b1110, cpu -> log.add(cpu + (cpu.interruptsEnabled() ? "!" : "")));
        assertThat(request.isReady()).isTrue();
        assertThat(log).containsExactly("CPU 1", "CPU 2", "CPU 3");
        assertThat(machine.ipisSent()).isEqualTo(3);
        machine.awaitIpi(sender, request);
        target.enter();
        target.step(Step.OTHER, 0);
        assertThat(log).hasSize(3);
    }

    @Test
    void senderIsNeverATarget() {
        IpiRequest request = machine.sendIpi(sender, 0b0001, cpu -> log.add("ran"));
        assertThat(request.isReady()).isTrue();
        assertThat(log).isEmpty();
        assertThat(machine.ipisSent()).isZero();
    }

    @Test
    void runningTargetRunsTheHandlerAtItsNextStep() {
        target.enter();
        IpiRequest request = send("one");
        assertThat(target.canDeliver()).isTrue();
        assertThat(request.isReady()).isFalse();
        assertThat(log).isEmpty();
        target.step(Step.OTHER, 0);
        assertThat(log).containsExactly("one");
        assertThat(request.isReady()).isTrue();
        assertThat(target.canDeliver()).isFalse();
    }

    @Test
    void handlersRunInTheOrderOfPosting() {
        target.enter();
        send("one");
        send("two");
        send("three");
        target.memory().read(0);
        assertThat(log).containsExactly("one", "two", "three");
    }

    @Test
    void disabledInterruptsWaitForTheOutermostEnable() {
        target.enter();
        target.disableInterrupts();
        target.disableInterrupts();
        IpiRequest request = send("one");
        target.step(Step.OTHER, 0);
        target.enableInterrupts();
        assertThat(target.interruptsEnabled()).isFalse();
        assertThat(log).isEmpty();
        target.enableInterrupts();
        assertThat(log).containsExactly("one");
        assertThat(request.isReady()).isTrue();
        assertThatThrownBy(target::enableInterrupts).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void waitingTargetStillRunsHandlers() {
        target.enter();
        boolean[] released = new boolean[1];
        send("one");
        machine.sendIpi(sender, 0b10, cpu -> released[0] = true);
        target.await(waitable(released));
        assertThat(log).containsExactly("one");
    }

    @Test
    void waitingWithInterruptsDisabledRunsNoHandler() {
        target.enter();
        boolean[] released = new boolean[1];
        machine.sendIpi(sender, 0b10, cpu -> released[0] = true);
        target.disableInterrupts();
        assertThatThrownBy(() -> target.await(waitable(released))).isInstanceOf(IllegalStateException.class)
                .hasMessage("CPU 1 is blocked on the test and nobody else runs");
    }

    @Test
    void leavingDeliversFirst() {
        target.enter();
        send("one");
        target.leave();
        assertThat(log).containsExactly("one");
        send("two");
        assertThat(log).containsExactly("one", "two");
    }

    @Test
    void enterAndLeaveMustAlternate() {
        assertThatThrownBy(target::leave).isInstanceOf(IllegalStateException.class);
        target.enter();
        assertThatThrownBy(target::enter).isInstanceOf(IllegalStateException.class)
                .hasMessage("CPU 1 is running already");
        target.disableInterrupts();
        assertThatThrownBy(target::leave).isInstanceOf(IllegalStateException.class)
                .hasMessage("CPU 1 leaves with interrupts disabled");
    }

    @Test
    void awaitingWithInterruptsDisabledIsRefused() {
        target.enter();
        IpiRequest request = send("one");
        sender.disableInterrupts();
        assertThatThrownBy(() -> machine.awaitIpi(sender, request)).isInstanceOf(IllegalStateException.class)
                .hasMessage("CPU 0 waits for an IPI with interrupts disabled");
    }

    @Test
    void ipiToACpuThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> machine.sendIpi(sender, 0b1_0010, cpu -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(machine.ipisSent()).isZero();
    }

    @Test
    void handlerSentFromAHandlerIsDeliveredToo() {
        target.enter();
        machine.sendIpi(sender, 0b10, cpu -> machine.sendIpi(sender, 0b10, again -> log.add("inner")));
        target.step(Step.OTHER, 0);
        assertThat(log).containsExactly("inner");
    }

    @Test
    void failingHandlerIsAcknowledgedAndTheNextOneStillPending() {
        target.enter();
        IpiRequest failing = machine.sendIpi(sender, 0b10, cpu -> {
            throw new IllegalStateException("broken");
        });
        send("two");
        assertThatThrownBy(() -> target.step(Step.OTHER, 0)).hasMessage("broken");
        assertThat(failing.isReady()).isTrue();
        assertThat(target.interruptsEnabled()).isTrue();
        target.leave();
        assertThat(log).containsExactly("two");
    }

    @Test
    void interruptPostedInsideAWalkWaitsForTheEndOfTheAccess() {
        Poster poster = new Poster();
        Machine observed = Machine.builder().cpus(2).executor(poster).build();
        PageTables tables = new PageTables(observed);
        tables.map(PageTables.VADDR, 0x100, PageTables.FULL);
        observed.cpu(0).movToCr3(tables.root());
        observed.cpu(0).enter();
        observed.memory().writeByte(0x10_0000, (byte) 5);
        poster.machine = observed;
        poster.trigger = tables.entryPaddr(PageTables.VADDR, 1);
        poster.handler = cpu -> {
            log.add("delivered");
            tables.set(PageTables.VADDR, 1, 0);
            cpu.invlpg(PageTables.VADDR);
        };
        assertThat(observed.cpu(0).readByte(PageTables.VADDR, Access.USER)).isEqualTo(5);
        assertThat(log).isEmpty();
        assertThat(Fault.isFault(observed.cpu(0).readByte(PageTables.VADDR, Access.USER))).isTrue();
        assertThat(log).containsExactly("delivered");
    }

    @Test
    void observingExecutorSeesEverySharedAccess() {
        Poster recorder = new Poster();
        Machine observed = Machine.builder().executor(recorder).build();
        MemoryPort port = observed.cpu(0).memory();
        port.read(8);
        port.write(8, 1);
        port.compareAndExchange(8, 1, 2);
        port.fence();
        port.fillFrame(3, 0);
        observed.cpu(0).readByte(0x123, Access.READ);
        assertThat(recorder.steps).containsExactly("READ 8", "WRITE 8", "READ_MODIFY_WRITE 8", "FENCE 0",
                "OTHER 3000", "USER_ACCESS 123", "READ 0");
    }

    private IpiRequest send(String name) {
        return machine.sendIpi(sender, 0b10, cpu -> log.add(name));
    }

    private static Waitable waitable(boolean[] ready) {
        return new Waitable() {
            @Override
            public boolean isReady() {
                return ready[0];
            }

            @Override
            public String describe() {
                return "the test";
            }
        };
    }

    /** Records the steps, and from CPU 1 posts an interrupt to CPU 0 when that reads the trigger address. */
    private static final class Poster implements Executor {
        private final List<String> steps = new ArrayList<>();
        private long trigger = -1;
        private Machine machine = Machine.builder().build();
        private InterruptHandler handler = cpu -> {};

        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu cpu, Step kind, long where) {
            steps.add(kind + " " + Long.toHexString(where));
            if (kind == Step.READ && where == trigger) {
                trigger = -1;
                machine.sendIpi(machine.cpu(1), 0b01, handler);
            }
        }

        @Override
        public void blockedOn(Cpu cpu, Waitable what) {
            throw new AssertionError(what.describe());
        }
    }
}
