package dev.cowtable.mm.lock;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A sleeping reader-writer lock.
 *
 * <p>Mirrors: struct rw_semaphore with down_read() / down_write().
 * <p>Differs: no fairness between readers and writers; who goes first is the executor's choice.
 */
public final class RwSemaphore {
    private static final int WRITER = -1;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(RwSemaphore.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Lockdep lockdep;
    private final LockClass lockClass;
    private final long id;
    /** Number of readers, or {@link #WRITER}. */
    @SuppressWarnings("FieldMayBeFinal")
    private int state;

    public RwSemaphore(Lockdep lockdep, LockClass lockClass) {
        this.lockdep = lockdep;
        this.lockClass = lockClass;
        this.id = lockdep.nextIdentity();
    }

    public void downRead(Cpu cpu) {
        lockdep.acquire(cpu, lockClass, false);
        cpu.step(Step.LOCK, id);
        while (!addReader()) {
            cpu.await(new Free(this, false));
        }
    }

    /** Takes the lock for reading if no writer is there; never waits. */
    public boolean downReadTrylock(Cpu cpu) {
        cpu.step(Step.LOCK, id);
        if (!addReader()) {
            return false;
        }
        lockdep.acquiredByTry(cpu, lockClass);
        return true;
    }

    private boolean addReader() {
        while (true) {
            int readers = (int) STATE.getOpaque(this);
            if (readers == WRITER) {
                return false;
            }
            if (STATE.compareAndSet(this, readers, readers + 1)) {
                return true;
            }
        }
    }

    public void upRead(Cpu cpu) {
        cpu.step(Step.UNLOCK, id);
        lockdep.release(cpu, lockClass);
        if ((int) STATE.getAndAdd(this, -1) <= 0) {
            throw new LockOrderException(
                    "CPU " + cpu.id() + " ends a read of " + describe() + " that it had not begun");
        }
    }

    public void downWrite(Cpu cpu) {
        downWrite(cpu, false);
    }

    /** Takes a second lock of a class that the CPU holds already. */
    public void downWriteNested(Cpu cpu) {
        downWrite(cpu, true);
    }

    private void downWrite(Cpu cpu, boolean nested) {
        lockdep.acquire(cpu, lockClass, nested);
        cpu.step(Step.LOCK, id);
        while (!STATE.compareAndSet(this, 0, WRITER)) {
            cpu.await(new Free(this, true));
        }
    }

    public void upWrite(Cpu cpu) {
        assertHeldWrite();
        cpu.step(Step.UNLOCK, id);
        lockdep.release(cpu, lockClass);
        STATE.setRelease(this, 0);
    }

    public void assertHeldWrite() {
        if ((int) STATE.getOpaque(this) != WRITER) {
            throw new LockOrderException(describe() + " is not held for writing");
        }
    }

    public void assertHeld() {
        if ((int) STATE.getOpaque(this) == 0) {
            throw new LockOrderException(describe() + " is not held");
        }
    }

    private String describe() {
        return "rw-semaphore " + lockClass + " #" + -id;
    }

    private record Free(RwSemaphore lock, boolean forWrite) implements Waitable {
        @Override
        public boolean isReady() {
            int state = (int) STATE.getAcquire(lock);
            return forWrite ? state == 0 : state != WRITER;
        }

        @Override
        public String describe() {
            return lock.describe() + (forWrite ? " for writing" : " for reading");
        }
    }
}
