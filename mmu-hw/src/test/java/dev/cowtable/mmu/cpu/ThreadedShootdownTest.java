package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.ThreadedExecutor;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.walk.Invlpgb;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * CPU 0 moves a page between two frames and invalidates; CPU 1, on a thread of its own, stores to the page. Once CPU 0
 * has waited, no store may reach the frame that was left.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadedShootdownTest {
    private static final int ROUNDS = 500;
    private static final int STORES = 20;

    private final Machine machine = Machine.builder().cpus(2).model(CpuModel.AMD).tlbPolicy(TlbPolicy.ADVERSARIAL)
            .executor(new ThreadedExecutor()).build();
    private final PageTables tables = new PageTables(machine);
    private final Cpu mover = machine.cpu(0);
    private final Cpu user = machine.cpu(1);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    @Test
    void invlpgbReachesACpuThatHasInterruptsDisabledAllTheTime() throws Exception {
        move(() -> {
            mover.invlpgb(new Invlpgb(VADDR | Invlpgb.ADDRESS, 0, 0));
            mover.tlbsync();
        }, cpu -> {
            cpu.disableInterrupts();
            store(cpu);
            cpu.enableInterrupts();
        });
        assertThat(machine.ipisSent()).isZero();
    }

    @Test
    void invlpgbReachesACpuThatComesAndGoes() throws Exception {
        move(() -> {
            mover.invlpgb(new Invlpgb(0, 0, 0));
            mover.tlbsync();
        }, cpu -> {
            cpu.leave();
            cpu.enter();
            store(cpu);
        });
    }

    @Test
    void shootdownIsMissedByNoCpuThatBecomesLazyOrActiveMeanwhile() throws Exception {
        long[] lazyRounds = new long[1];
        move(() -> machine.awaitIpi(mover, machine.shootdown(mover, 0b10, cpu -> cpu.invlpg(VADDR))), cpu -> {
            lazyRounds[0]++;
            cpu.enterLazyTlb();
            Thread.onSpinWait();
            cpu.leaveLazyTlb();
            store(cpu);
        });
        assertThat(machine.ipisSent()).isBetween(0L, (long) ROUNDS);
        assertThat(user.counters().invlpgs()).isEqualTo(machine.ipisSent());
        assertThat(lazyRounds[0]).isPositive();
    }

    @Test
    void bothCpusMayInvalidateAtOnce() throws Exception {
        long[] other = {0x20_0000_0000L};
        move(() -> {
            mover.invlpgb(new Invlpgb(VADDR | Invlpgb.ADDRESS, 0, 0));
            mover.tlbsync();
        }, cpu -> {
            store(cpu);
            cpu.invlpgb(new Invlpgb(other[0] | Invlpgb.ADDRESS, 0, 0));
            cpu.tlbsync();
        });
    }

    private static void store(Cpu cpu) {
        for (int i = 1; i <= STORES; i++) {
            cpu.writeWord(VADDR, Access.USER, i);
        }
    }

    private void move(Runnable invalidate, Consumer<Cpu> use) throws InterruptedException {
        tables.map(VADDR, 0x100, FULL);
        user.movToCr3(tables.root());
        AtomicBoolean stop = new AtomicBoolean();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                user.enter();
                while (!stop.get()) {
                    use.accept(user);
                }
                user.leave();
            } catch (Throwable t) {
                failure.set(t);
            }
        });
        mover.enter();
        while (machine.memory().read(Paging.paddr(0x100L)) == 0 && failure.get() == null) {
            mover.step(Step.OTHER, 0);
        }
        for (int round = 0; round < ROUNDS && failure.get() == null; round++) {
            long left = Paging.paddr(0x100L + (round & 1));
            tables.map(VADDR, 0x100L + ((round + 1) & 1), FULL);
            invalidate.run();
            machine.memory().write(left, -1);
            Thread.onSpinWait();
            assertThat(machine.memory().read(left)).as("round %d", round).isEqualTo(-1);
        }
        mover.leave();
        stop.set(true);
        thread.join();
        assertThat(failure.get()).isNull();
    }
}
