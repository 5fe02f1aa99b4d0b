package dev.cowtable.mm.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.ThreadedExecutor;
import org.junit.jupiter.api.Test;

class SpinLockTest {
    private final Machine machine = Machine.builder().cpus(2).build();
    private final Cpu cpu = machine.cpu(0);
    private final Cpu other = machine.cpu(1);
    private final Lockdep lockdep = new Lockdep(2);
    private final SpinLock lock = new SpinLock(lockdep, LockClass.PTL);

    @Test
    void holderIsTheOneCpuThatLocked() {
        lock.lock(cpu);
        lock.assertHeld(cpu);
        assertThat(lock.isReady()).isFalse();
        assertThatThrownBy(() -> lock.assertHeld(other)).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("CPU 1 does not hold");
        lock.unlock(cpu);
        assertThat(lock.isReady()).isTrue();
        lockdep.assertNoneHeld(cpu);
    }

    @Test
    void unlockByAStrangerIsRefusedAndTheLockStaysHeld() {
        lock.lock(cpu);
        assertThatThrownBy(() -> lock.unlock(other)).isInstanceOf(LockOrderException.class);
        lock.assertHeld(cpu);
    }

    @Test
    void holderOfAnotherLockOfTheClassIsAStrangerToo() {
        lock.lock(cpu);
        new SpinLock(lockdep, LockClass.PTL).lock(other);
        assertThatThrownBy(() -> lock.unlock(other)).isInstanceOf(LockOrderException.class);
        lock.assertHeld(cpu);
    }

    @Test
    void unlockOfAFreeLockIsRefused() {
        assertThatThrownBy(() -> lock.unlock(cpu)).isInstanceOf(LockOrderException.class);
    }

    @Test
    void secondCpuIsBlockedUntilTheFirstUnlocks() {
        lock.lock(cpu);
        assertThatThrownBy(() -> lock.lock(other)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("CPU 1 is blocked on spin lock PTL");
    }

    @Test
    void lockTakenTwiceIsALockOrderViolationAndNotAHang() {
        lock.lock(cpu);
        assertThatThrownBy(() -> lock.lock(cpu)).isInstanceOf(LockOrderException.class);
    }

    @Test
    void twoLocksOfAClassAreHeldTogetherByNesting() {
        SpinLock second = new SpinLock(lockdep, LockClass.PTL);
        lock.lock(cpu);
        assertThatThrownBy(() -> second.lock(cpu)).isInstanceOf(LockOrderException.class);
        second.lockNested(cpu);
        lock.assertHeld(cpu);
        second.assertHeld(cpu);
        lock.unlock(cpu);
        second.assertHeld(cpu);
    }

    @Test
    void locksAreToldApartByNumber() {
        assertThat(lock.describe()).isNotEqualTo(new SpinLock(lockdep, LockClass.PTL).describe());
    }

    @Test
    void twoThreadsNeverAreInsideTogether() throws InterruptedException {
        Machine threaded = Machine.builder().cpus(2).executor(new ThreadedExecutor()).build();
        int[] plain = new int[1];
        Thread first = new Thread(() -> addUnderLock(threaded.cpu(0), plain));
        Thread second = new Thread(() -> addUnderLock(threaded.cpu(1), plain));
        first.start();
        second.start();
        first.join();
        second.join();
        assertThat(plain[0]).isEqualTo(40_000);
    }

    private void addUnderLock(Cpu by, int[] plain) {
        for (int i = 0; i < 20_000; i++) {
            lock.lock(by);
            plain[0]++;
            lock.unlock(by);
        }
    }
}
