package dev.cowtable.mm.lock;

import dev.cowtable.mmu.cpu.Cpu;

/**
 * Is told what happens to every {@link SpinLock} of one kernel.
 *
 * <p>Mirrors: the trace points lock_contended, lock_acquired and lock_release of lockdep.
 * <p>Locks: the last two are called while the CPU owns the lock, so that what is kept by lock needs no lock of its own.
 *
 * <p>A lock is named by its identity, a negative number that counts down from -1 in each kernel.
 */
public interface LockObserver {
    /** The CPU has found the lock taken and begins to wait; once for each wait. */
    void contended(Cpu cpu, LockClass lockClass, long identity);

    /** The CPU has become the owner, after {@link #contended} or at once. */
    void acquired(Cpu cpu, LockClass lockClass, long identity);

    /** The CPU is about to give the lock up. */
    void released(Cpu cpu, LockClass lockClass, long identity);
}
