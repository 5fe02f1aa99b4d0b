package dev.cowtable.mmu.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.exec.ThreadedExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several CPUs on threads of their own interrupt one that nobody drives, so each of them may have to service it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IdleTargetTest {
    private static final int SENDERS = 3;
    private static final int ROUNDS = 20_000;

    @Test
    void noInterruptOfManySendersIsLostOnAnIdleCpu() throws InterruptedException {
        Machine machine = Machine.builder().cpus(SENDERS + 1).executor(new ThreadedExecutor()).build();
        AtomicInteger handled = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int id = 0; id < SENDERS; id++) {
            Cpu sender = machine.cpu(id);
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    machine.awaitIpi(sender, machine.sendIpi(sender, 1L << SENDERS, cpu -> handled.incrementAndGet()));
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(handled).hasValue(SENDERS * ROUNDS);
    }
}
