package dev.cowtable.mm.lock;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A spin lock of the emulated kernel: waiting is left to the executor, interrupts stay enabled.
 *
 * <p>Mirrors: spinlock_t with spin_lock() / spin_lock_nested() / spin_unlock().
 */
public final class SpinLock implements Waitable {
    private static final int FREE = -1;
    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup().findVarHandle(SpinLock.class, "owner", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Lockdep lockdep;
    private final LockClass lockClass;
    private final long id;
    @SuppressWarnings("FieldMayBeFinal")
    private int owner = FREE;

    public SpinLock(Lockdep lockdep, LockClass lockClass) {
        this.lockdep = lockdep;
        this.lockClass = lockClass;
        this.id = lockdep.nextIdentity();
    }

    public void lock(Cpu cpu) {
        lock(cpu, false);
    }

    /** Takes a second lock of a class that the CPU holds already. */
    public void lockNested(Cpu cpu) {
        lock(cpu, true);
    }

    private void lock(Cpu cpu, boolean nested) {
        lockdep.acquire(cpu, lockClass, nested);
        cpu.step(Step.LOCK, id);
        LockObserver observer = lockdep.observer();
        if (!OWNER.compareAndSet(this, FREE, cpu.id())) {
            waitForOwner(cpu, observer);
        }
        if (observer != null) {
            observer.acquired(cpu, lockClass, id);
        }
    }

    private void waitForOwner(Cpu cpu, @Nullable LockObserver observer) {
        if (observer != null) {
            observer.contended(cpu, lockClass, id);
        }
        do {
            cpu.await(this);
        } while (!OWNER.compareAndSet(this, FREE, cpu.id()));
    }

    public void unlock(Cpu cpu) {
        assertHeld(cpu);
        cpu.step(Step.UNLOCK, id);
        lockdep.release(cpu, lockClass);
        LockObserver observer = lockdep.observer();
        if (observer != null) {
            observer.released(cpu, lockClass, id);
        }
        OWNER.setRelease(this, FREE);
    }

    public void assertHeld(Cpu cpu) {
        if ((int) OWNER.getOpaque(this) != cpu.id()) {
            throw new LockOrderException("CPU " + cpu.id() + " does not hold " + describe());
        }
    }

    @Override
    public boolean isReady() {
        return (int) OWNER.getAcquire(this) == FREE;
    }

    @Override
    public String describe() {
        return "spin lock " + lockClass + " #" + -id;
    }
}
