package dev.cowtable.mm.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.exec.ThreadedExecutor;
import org.junit.jupiter.api.Test;

class RwSemaphoreTest {
    private final Machine machine = Machine.builder().cpus(2).build();
    private final Cpu cpu = machine.cpu(0);
    private final Cpu other = machine.cpu(1);
    private final Lockdep lockdep = new Lockdep(2);
    private final RwSemaphore semaphore = new RwSemaphore(lockdep, LockClass.MMAP_LOCK);

    @Test
    void readersAreInsideTogether() {
        semaphore.downRead(cpu);
        semaphore.downRead(other);
        semaphore.upRead(cpu);
        semaphore.assertHeld();
        semaphore.upRead(other);
        assertThatThrownBy(semaphore::assertHeld).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("is not held");
        lockdep.assertNoneHeld(cpu);
        lockdep.assertNoneHeld(other);
    }

    @Test
    void writerWaitsForTheLastReader() {
        semaphore.downRead(cpu);
        assertThatThrownBy(() -> semaphore.downWrite(other)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("CPU 1 is blocked on").hasMessageEndingWith("for writing and nobody else runs");
    }

    @Test
    void readerWaitsForTheWriter() {
        semaphore.downWrite(cpu);
        semaphore.assertHeldWrite();
        assertThatThrownBy(() -> semaphore.downRead(other)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("for reading");
    }

    @Test
    void tryForReadingSucceedsBesideAReaderAndFailsBesideAWriterHoldingNothing() {
        semaphore.downRead(cpu);
        assertThat(semaphore.downReadTrylock(other)).isTrue();
        semaphore.upRead(other);
        semaphore.upRead(cpu);
        semaphore.downWrite(cpu);
        assertThat(semaphore.downReadTrylock(other)).isFalse();
        lockdep.assertNoneHeld(other);
        semaphore.upWrite(cpu);
        assertThat(semaphore.downReadTrylock(other)).isTrue();
    }

    @Test
    void tryForReadingIsAllowedUnderASpinLock() {
        SpinLock spin = new SpinLock(lockdep, LockClass.PTL);
        spin.lock(cpu);
        assertThat(semaphore.downReadTrylock(cpu)).isTrue();
        semaphore.upRead(cpu);
        assertThatThrownBy(() -> semaphore.downRead(cpu)).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("takes MMAP_LOCK while it holds PTL");
    }

    @Test
    void readingIsNotHoldingForWriting() {
        semaphore.downRead(cpu);
        semaphore.assertHeld();
        assertThatThrownBy(semaphore::assertHeldWrite).isInstanceOf(LockOrderException.class);
        assertThatThrownBy(() -> semaphore.upWrite(cpu)).isInstanceOf(LockOrderException.class);
    }

    @Test
    void writerMayNotComeInTwice() {
        semaphore.downWrite(cpu);
        assertThatThrownBy(() -> semaphore.downWrite(cpu)).isInstanceOf(LockOrderException.class);
    }

    @Test
    void secondSemaphoreOfAClassNeedsNesting() {
        RwSemaphore child = new RwSemaphore(lockdep, LockClass.MMAP_LOCK);
        semaphore.downWrite(cpu);
        assertThatThrownBy(() -> child.downWrite(cpu)).isInstanceOf(LockOrderException.class);
        child.downWriteNested(cpu);
        child.upWrite(cpu);
        semaphore.upWrite(cpu);
        lockdep.assertNoneHeld(cpu);
    }

    @Test
    void strangerCannotEndAWriteOrARead() {
        semaphore.downWrite(cpu);
        assertThatThrownBy(() -> semaphore.upWrite(other)).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("CPU 1 releases MMAP_LOCK");
        semaphore.upWrite(cpu);
        semaphore.downRead(cpu);
        assertThatThrownBy(() -> semaphore.upRead(other)).isInstanceOf(LockOrderException.class);
    }

    @Test
    void endOfAReadOnTheWrongSemaphoreOfTheClassIsNoticed() {
        RwSemaphore wrong = new RwSemaphore(lockdep, LockClass.MMAP_LOCK);
        semaphore.downRead(cpu);
        assertThatThrownBy(() -> wrong.upRead(cpu)).isInstanceOf(LockOrderException.class)
                .hasMessageContaining("that it had not begun");
    }

    @Test
    void writersOfTwoThreadsAreSeenWholeByReaders() throws InterruptedException {
        Machine threaded = Machine.builder().cpus(2).executor(new ThreadedExecutor()).build();
        int[] pair = new int[2];
        int[] torn = new int[2];
        Thread first = new Thread(() -> writeAndRead(threaded.cpu(0), pair, torn));
        Thread second = new Thread(() -> writeAndRead(threaded.cpu(1), pair, torn));
        first.start();
        second.start();
        first.join();
        second.join();
        assertThat(pair).containsExactly(20_000, 20_000);
        assertThat(torn).containsExactly(0, 0);
    }

    private void writeAndRead(Cpu by, int[] pair, int[] torn) {
        for (int i = 0; i < 10_000; i++) {
            semaphore.downWrite(by);
            pair[0]++;
            pair[1]++;
            semaphore.upWrite(by);
            semaphore.downRead(by);
            torn[by.id()] += pair[0] == pair[1] ? 0 : 1;
            semaphore.upRead(by);
        }
    }
}
