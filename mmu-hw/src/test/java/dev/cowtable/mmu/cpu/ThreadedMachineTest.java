package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.ThreadedExecutor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** CPUs driven by real threads. */
@Timeout(60)
class ThreadedMachineTest {
    private static final int ROUNDS = 3000;

    private final Machine machine = Machine.builder().cpus(2).tlbPolicy(TlbPolicy.ADVERSARIAL)
            .executor(new ThreadedExecutor()).build();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /**
     * CPU 0 moves a page between frames and shoots the other's translation down; after the acknowledgement CPU 1 must
     * not store to the old frame.
     */
    @Test
    void noStoreReachesTheOldFrameAfterTheShootdown() throws Exception {
        PageTables tables = new PageTables(machine);
        tables.map(VADDR, 0x100, FULL);
        Cpu mover = machine.cpu(0);
        Cpu user = machine.cpu(1);
        user.movToCr3(tables.root());
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = start(() -> {
            user.enter();
            for (int i = 1; !stop.get(); i++) {
                user.writeWord(VADDR, Access.USER, i);
            }
            user.leave();
        });
        mover.enter();
        for (int round = 0; round < ROUNDS; round++) {
            long oldPfn = 0x100L + (round & 1);
            tables.map(VADDR, 0x100L + ((round + 1) & 1), FULL);
            machine.awaitIpi(mover, machine.sendIpi(mover, 0b10, cpu -> cpu.invlpg(VADDR)));
            long before = machine.memory().read(Paging.paddr(oldPfn));
            Thread.onSpinWait();
            assertThat(machine.memory().read(Paging.paddr(oldPfn))).isEqualTo(before);
        }
        mover.leave();
        stop.set(true);
        writer.join();
        assertThat(failure.get()).isNull();
        assertThat(user.counters().invlpgs()).isEqualTo(ROUNDS);
    }

    @Test
    void everyInterruptIsHandledOnceWhileTheTargetComesAndGoes() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        AtomicInteger inside = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        Cpu target = machine.cpu(1);
        Thread comesAndGoes = start(() -> {
            while (!stop.get()) {
                target.enter();
                target.step(Step.OTHER, 0);
                target.disableInterrupts();
                target.enableInterrupts();
                target.leave();
            }
        });
        Cpu sender = machine.cpu(0);
        for (int i = 0; i < 5 * ROUNDS; i++) {
            machine.awaitIpi(sender, machine.sendIpi(sender, 0b10, cpu -> {
                assertThat(inside.incrementAndGet()).isEqualTo(1);
                handled.incrementAndGet();
                inside.decrementAndGet();
            }));
        }
        stop.set(true);
        comesAndGoes.join();
        assertThat(failure.get()).isNull();
        assertThat(handled).hasValue(5 * ROUNDS);
        assertThat(machine.ipisSent()).isEqualTo(5 * ROUNDS);
    }

    /** The target leaves for good while the interrupt is on its way: one of the two sides must see it. */
    @Test
    void interruptPostedWhileTheTargetLeavesIsNotLost() throws Exception {
        AtomicInteger round = new AtomicInteger();
        AtomicInteger acknowledged = new AtomicInteger();
        Cpu target = machine.cpu(1);
        Thread leaves = start(() -> {
            for (int i = 1; i <= 6 * ROUNDS; i++) {
                target.enter();
                while (round.get() < i) {
                    Thread.onSpinWait();
                }
                target.leave();
                while (acknowledged.get() < i) {
                    Thread.onSpinWait();
                }
            }
        });
        Cpu sender = machine.cpu(0);
        for (int i = 1; i <= 6 * ROUNDS; i++) {
            round.set(i);
            IpiRequest request = machine.sendIpi(sender, 0b10, cpu -> {});
            machine.awaitIpi(sender, request);
            acknowledged.set(i);
        }
        leaves.join();
        assertThat(failure.get()).isNull();
    }

    @Test
    void twoSendersThatWaitForEachOtherBothGoOn() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        Thread other = start(() -> sendMany(machine.cpu(1), handled));
        sendMany(machine.cpu(0), handled);
        other.join();
        assertThat(failure.get()).isNull();
        assertThat(handled).hasValue(2 * ROUNDS);
    }

    private void sendMany(Cpu sender, AtomicInteger handled) {
        sender.enter();
        for (int i = 0; i < ROUNDS; i++) {
            machine.awaitIpi(sender, machine.sendIpi(sender, -1L >>> 62, cpu -> handled.incrementAndGet()));
        }
        sender.leave();
    }

    /** A and D are set by compare-and-exchange: bits 9 and 10 that another CPU sets meanwhile are never lost. */
    @Test
    void flagUpdatesLoseNoBitThatAnotherCpuSets() throws Exception {
        PageTables tables = new PageTables(machine);
        tables.map(VADDR, 0x100, FULL);
        long pte = tables.entryPaddr(VADDR, 1);
        Cpu walker = machine.cpu(1);
        walker.movToCr3(tables.root());
        AtomicBoolean stop = new AtomicBoolean();
        Thread walks = start(() -> {
            while (!stop.get()) {
                Modes.flushAll(walker);
                walker.translate(VADDR, Access.WRITE);
            }
        });
        for (int i = 0; i < 12 * ROUNDS; i++) {
            machine.memory().fetchAndAnd(pte, ~(Entry.A | Entry.D));
            assertThat(machine.memory().fetchAndOr(pte, 1L << 9) & 1L << 9).isZero();
            assertThat(machine.memory().fetchAndAnd(pte, ~(1L << 9)) & 1L << 9).isNotZero();
        }
        stop.set(true);
        walks.join();
        assertThat(failure.get()).isNull();
        assertThat(walker.counters().flagUpdates()).isPositive();
    }

    private Thread start(Runnable body) {
        return Thread.ofPlatform().start(() -> {
            try {
                body.run();
            } catch (Throwable t) {
                failure.set(t);
            }
        });
    }
}
