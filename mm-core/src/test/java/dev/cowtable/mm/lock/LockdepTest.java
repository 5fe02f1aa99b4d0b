package dev.cowtable.mm.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LockdepTest {
    private final Machine machine = Machine.builder().cpus(2).build();
    private final Cpu cpu = machine.cpu(0);
    private final Lockdep lockdep = new Lockdep(2);

    @ParameterizedTest
    @EnumSource
    void eachClassIsTakenInsideEveryOneBeforeItAndNoneAfterIt(LockClass outer) {
        for (LockClass inner : LockClass.values()) {
            Lockdep fresh = new Lockdep(2);
            fresh.acquire(cpu, outer, false);
            if (outer.ordinal() < inner.ordinal()) {
                fresh.acquire(cpu, inner, false);
                assertThat(fresh.heldCount(cpu)).isEqualTo(2);
            } else {
                assertThatThrownBy(() -> fresh.acquire(cpu, inner, false)).isInstanceOf(LockOrderException.class)
                        .hasMessageContaining("CPU 0 takes " + inner + " while it holds " + outer);
                assertThat(fresh.heldCount(cpu)).isEqualTo(1);
            }
        }
    }

    @Test
    void orderIsCheckedAgainstAllHeldLocksNotTheInnermostAlone() {
        lockdep.acquire(cpu, LockClass.PTL, false);
        lockdep.acquiredByTry(cpu, LockClass.VMA_LOCK);
        assertThatThrownBy(() -> lockdep.acquire(cpu, LockClass.PMD_LOCK, false))
                .hasMessageContaining("while it holds PTL");
    }

    @Test
    void nestedPermitsASecondLockOfTheSameClassAndNoOuterOne() {
        lockdep.acquire(cpu, LockClass.PTL, false);
        lockdep.acquire(cpu, LockClass.PTL, true);
        assertThat(lockdep.heldCount(cpu)).isEqualTo(2);
        assertThatThrownBy(() -> lockdep.acquire(cpu, LockClass.PMD_LOCK, true))
                .isInstanceOf(LockOrderException.class);
    }

    @Test
    void nothingThatSleepsIsTakenUnderASpinLock() {
        lockdep.acquire(cpu, LockClass.PTL, false);
        for (LockClass lockClass : LockClass.values()) {
            if (lockClass.isSleeping()) {
                assertThatThrownBy(() -> lockdep.acquire(cpu, lockClass, true)).isInstanceOf(LockOrderException.class);
            }
        }
    }

    @Test
    void successfulTryLockIsFreeOfOrderAndCountsAsHeld() {
        lockdep.acquire(cpu, LockClass.PTL, false);
        lockdep.acquiredByTry(cpu, LockClass.VMA_LOCK);
        assertThat(lockdep.heldCount(cpu)).isEqualTo(2);
    }

    @Test
    void releaseInTheOrderOfAcquisitionLeavesTheInnerLockHeld() {
        lockdep.acquire(cpu, LockClass.MMAP_LOCK, false);
        lockdep.acquire(cpu, LockClass.PTL, false);
        lockdep.release(cpu, LockClass.MMAP_LOCK);
        assertThat(lockdep.inAtomic(cpu)).isTrue();
        lockdep.release(cpu, LockClass.PTL);
        lockdep.assertNoneHeld(cpu);
    }

    @Test
    void onlySpinLocksMakeAContextAtomic() {
        assertThat(lockdep.inAtomic(cpu)).isFalse();
        lockdep.acquire(cpu, LockClass.MMAP_LOCK, false);
        lockdep.acquire(cpu, LockClass.ANON_VMA, false);
        assertThat(lockdep.inAtomic(cpu)).isFalse();
        lockdep.acquire(cpu, LockClass.ZONE_LOCK, false);
        assertThat(lockdep.inAtomic(cpu)).isTrue();
    }

    @Test
    void releaseOfAClassThatIsNotHeldIsRefused() {
        lockdep.acquire(cpu, LockClass.PTL, false);
        assertThatThrownBy(() -> lockdep.release(cpu, LockClass.PMD_LOCK)).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("PMD_LOCK which it does not hold");
    }

    @Test
    void cpuThatReturnsWithALockIsNamed() {
        lockdep.assertNoneHeld(cpu);
        lockdep.acquire(cpu, LockClass.PTL, false);
        assertThatThrownBy(() -> lockdep.assertNoneHeld(cpu)).isInstanceOf(LockOrderException.class)
                .hasMessage("CPU 0 still holds PTL");
    }

    @Test
    void cpusHoldTheirLocksApart() {
        lockdep.acquire(cpu, LockClass.PTL, false);
        lockdep.acquire(machine.cpu(1), LockClass.MMAP_LOCK, false);
        assertThat(lockdep.inAtomic(machine.cpu(1))).isFalse();
        lockdep.release(cpu, LockClass.PTL);
        assertThat(lockdep.heldCount(machine.cpu(1))).isEqualTo(1);
    }

    @Test
    void thirtyThirdLockOfOneCpuIsRefused() {
        for (int i = 0; i < 32; i++) {
            lockdep.acquire(cpu, LockClass.PTL, true);
        }
        assertThatThrownBy(() -> lockdep.acquire(cpu, LockClass.PTL, true)).hasMessage("CPU 0 holds 32 locks");
    }
}
