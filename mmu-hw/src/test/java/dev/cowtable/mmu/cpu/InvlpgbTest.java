package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.walk.Invlpgb;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Broadcast invalidation: done by every CPU by the end of TLBSYNC, in no interrupt, and never inside an access. */
class InvlpgbTest {
    private static final Invlpgb PAGE = new Invlpgb(VADDR | Invlpgb.ADDRESS, 0, 0);

    private final Observer observer = new Observer();
    private final Machine machine = Machine.builder().cpus(3).model(CpuModel.AMD).tlbPolicy(TlbPolicy.ADVERSARIAL)
            .executor(observer).build();
    private final Cpu sender = machine.cpu(0);
    private final Cpu target = machine.cpu(1);
    private final PageTables tables = new PageTables(machine);

    InvlpgbTest() {
        tables.map(VADDR, 0x100, FULL);
        for (int id = 0; id < 3; id++) {
            machine.cpu(id).movToCr3(tables.root());
            machine.cpu(id).translate(VADDR, Access.USER);
        }
        tables.map(VADDR, 0x200, FULL);
    }

    private static long pfn(Cpu cpu) {
        return cpu.translate(VADDR, Access.USER) >>> 12;
    }

    @Test
    void senderIsDoneAtOnceIdleCpusTooAndRunningOnesAtTheirNextStep() {
        target.enter();
        assertThat(sender.invlpgb(PAGE)).isZero();
        assertThat(pfn(sender)).isEqualTo(0x200);
        assertThat(pfn(machine.cpu(2))).as("idle").isEqualTo(0x200);
        assertThat(pfn(target)).as("running").isEqualTo(0x100);
        target.step(Step.OTHER, 0);
        assertThat(pfn(target)).isEqualTo(0x200);
        observer.forbidden = true;
        sender.tlbsync();
        assertThat(machine.ipisSent()).isZero();
    }

    @Test
    void tlbsyncWaitsForEveryCpuEvenWithInterruptsDisabledThere() {
        target.enter();
        target.disableInterrupts();
        IpiRequest interrupt = machine.sendIpi(sender, 0b10, cpu -> {});
        sender.invlpgb(PAGE);
        assertThat(target.canDeliver()).isTrue();
        assertThat(pfn(target)).isEqualTo(0x100);
        observer.whileBlocked = () -> target.step(Step.OTHER, 0);
        sender.tlbsync();
        assertThat(pfn(target)).isEqualTo(0x200);
        assertThat(interrupt.isReady()).as("disabled for interrupts").isFalse();
        assertThat(target.interruptsEnabled()).isFalse();
        target.enableInterrupts();
        assertThat(interrupt.isReady()).isTrue();
    }

    @Test
    void interruptThatWaitedBehindABroadcastIsDeliveredAtALaterStep() {
        target.enter();
        target.disableInterrupts();
        IpiRequest interrupt = machine.sendIpi(sender, 0b10, cpu -> {});
        sender.invlpgb(PAGE);
        target.step(Step.OTHER, 0);
        target.enableInterrupts();
        target.step(Step.OTHER, 0);
        assertThat(interrupt.isReady()).isTrue();
        target.leave();
    }

    @Test
    void twoCpusWithInterruptsDisabledThatSyncWithEachOtherBothGoOn() {
        sender.enter();
        target.enter();
        sender.disableInterrupts();
        target.disableInterrupts();
        target.invlpgb(PAGE);
        sender.invlpgb(PAGE);
        observer.whileBlocked = () -> {
            target.tlbsync();
            target.step(Step.OTHER, 0);
        };
        sender.tlbsync();
        assertThat(pfn(sender)).isEqualTo(0x200);
        assertThat(pfn(target)).isEqualTo(0x200);
    }

    @Test
    void tlbsyncWithoutAnInvlpgbWaitsForNothing() {
        target.enter();
        observer.forbidden = true;
        sender.tlbsync();
        sender.invlpgb(PAGE);
        target.step(Step.OTHER, 0);
        sender.tlbsync();
        sender.tlbsync();
        assertThat(pfn(target)).isEqualTo(0x200);
    }

    @Test
    void broadcastPostedInsideAWalkWaitsForTheEndOfTheAccess() {
        target.enter();
        target.invpcid(2, 0, 0);
        tables.map(VADDR, 0x100, FULL);
        machine.memory().writeByte(0x10_0000, (byte) 5);
        observer.trigger = tables.entryPaddr(VADDR, 1);
        observer.atTrigger = () -> sender.invlpgb(PAGE);
        assertThat(target.readByte(VADDR, Access.USER)).isEqualTo(5);
        assertThat(observer.trigger).as("it was posted").isEqualTo(-1);
        assertThat(target.canDeliver()).isTrue();
        long walks = target.counters().walks();
        target.readByte(VADDR, Access.USER);
        assertThat(target.counters().walks()).as("the step of this access dropped the page").isEqualTo(walks + 1);
    }

    @Test
    void refusedInvlpgbBroadcastsNothing() {
        target.enter();
        assertThat(sender.invlpgb(new Invlpgb(1L << 62 | Invlpgb.ADDRESS, 0, 0))).isNegative();
        assertThat(target.canDeliver()).isFalse();
        assertThat(pfn(sender)).isEqualTo(0x100);
    }

    @Test
    void itIsUndefinedOnACpuWithoutIt() {
        Cpu intel = Machine.builder().build().cpu(0);
        assertThatThrownBy(() -> intel.invlpgb(PAGE)).isInstanceOf(IllegalStateException.class)
                .hasMessage("#UD: the CPU model has no INVLPGB");
        assertThatThrownBy(intel::tlbsync).isInstanceOf(IllegalStateException.class);
    }

    /** ECX counts the further pages, or 2 MiB regions, after the first. */
    @ParameterizedTest
    @CsvSource({"0x0, 'a'", "0x1, 'a b'", "0x2, 'a b c'", "0x80000000, 'a'", "0x80000001, 'a d'",
            "0x80000002, 'a d e'", "0xffff, 'a b c d e'"})
    void countAndStrideSelectThePages(String ecx, String dropped) {
        long[] pages = {VADDR, VADDR + 4096, VADDR + 8192, VADDR + (1 << 21), VADDR + (2 << 21)};
        for (int i = 0; i < pages.length; i++) {
            tables.map(pages[i], 0x100 + i, FULL);
            sender.invlpg(pages[i]);
            sender.translate(pages[i], Access.USER);
        }
        sender.invlpgb(new Invlpgb(VADDR | Invlpgb.ADDRESS, Integer.parseUnsignedInt(ecx.substring(2), 16), 0));
        List<Long> held = new ArrayList<>();
        sender.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> held
                .add(vaddr));
        for (int i = 0; i < pages.length; i++) {
            boolean isDropped = dropped.indexOf('a' + i) >= 0;
            assertThat(held.contains(pages[i])).as("page %c", 'a' + i).isEqualTo(!isDropped);
        }
    }

    /** Runs something when a CPU is blocked, or when it reads the trigger. */
    private static final class Observer implements Executor {
        private boolean forbidden;
        private int blocked;
        private long trigger = -1;
        private Runnable atTrigger = () -> {};
        private Runnable whileBlocked = () -> {
            throw new AssertionError("blocked");
        };

        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu cpu, Step kind, long where) {
            if (kind == Step.READ && where == trigger) {
                trigger = -1;
                atTrigger.run();
            }
        }

        @Override
        public void blockedOn(Cpu cpu, Waitable what) {
            assertThat(forbidden).as("blocked on " + what.describe()).isFalse();
            assertThat(++blocked).as("blocked for ever").isLessThan(10);
            whileBlocked.run();
        }
    }
}
