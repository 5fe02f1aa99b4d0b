package dev.cowtable.mm.lock;

import dev.cowtable.mmu.cpu.Cpu;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Checks the order of {@link LockClass} at every acquisition and knows what each CPU holds.
 *
 * <p>Each CPU's stack of held locks is used by that CPU alone, so nothing here is shared but the source of identities.
 */
public final class Lockdep {
    private static final int MAX_HELD = 32;

    private final LockClass[][] held;
    private final int[] depth;
    private final AtomicLong identities = new AtomicLong();
    private @Nullable LockObserver observer;

    public Lockdep(int cpuCount) {
        held = new LockClass[cpuCount][MAX_HELD];
        depth = new int[cpuCount];
    }

    /** From now on tells {@code who} of every spin lock, or nobody if it is null; called while no CPU runs and none is held. */
    public void observe(@Nullable LockObserver who) {
        observer = who;
    }

    @Nullable
    LockObserver observer() {
        return observer;
    }

    /** A negative number that names one shared object in scheduling points, apart from all physical addresses. */
    public long nextIdentity() {
        return -identities.incrementAndGet();
    }

    /** Called before a lock is waited for; {@code nested} permits a second lock of the innermost held class. */
    void acquire(Cpu cpu, LockClass lockClass, boolean nested) {
        checkOrder(cpu, lockClass, nested);
        push(cpu, lockClass);
    }

    /** A successful try-lock cannot deadlock, so its order is free. */
    void acquiredByTry(Cpu cpu, LockClass lockClass) {
        push(cpu, lockClass);
    }

    void release(Cpu cpu, LockClass lockClass) {
        int id = cpu.id();
        LockClass[] stack = held[id];
        int top = depth[id] - 1;
        int at = top;
        while (at >= 0 && stack[at] != lockClass) {
            at--;
        }
        if (at < 0) {
            throw new LockOrderException("CPU " + id + " releases " + lockClass + " which it does not hold");
        }
        System.arraycopy(stack, at + 1, stack, at, top - at);
        depth[id] = top;
    }

    private void push(Cpu cpu, LockClass lockClass) {
        int id = cpu.id();
        if (depth[id] == MAX_HELD) {
            throw new LockOrderException("CPU " + id + " holds " + MAX_HELD + " locks");
        }
        held[id][depth[id]++] = lockClass;
    }

    private void checkOrder(Cpu cpu, LockClass lockClass, boolean nested) {
        int id = cpu.id();
        LockClass[] stack = held[id];
        for (int i = 0; i < depth[id]; i++) {
            LockClass outer = stack[i];
            boolean ordered = outer.ordinal() < lockClass.ordinal() || (nested && outer == lockClass);
            if (!ordered || (lockClass.isSleeping() && !outer.isSleeping())) {
                throw new LockOrderException("CPU " + id + " takes " + lockClass + " while it holds " + outer);
            }
        }
    }

    /** Number of locks that a CPU holds. */
    public int heldCount(Cpu cpu) {
        return depth[cpu.id()];
    }

    /** True if the CPU holds a lock under which it may not sleep. */
    public boolean inAtomic(Cpu cpu) {
        int id = cpu.id();
        for (int i = 0; i < depth[id]; i++) {
            if (!held[id][i].isSleeping()) {
                return true;
            }
        }
        return false;
    }

    /** Asserts that a CPU returns to its caller with nothing held. */
    public void assertNoneHeld(Cpu cpu) {
        if (depth[cpu.id()] != 0) {
            throw new LockOrderException("CPU " + cpu.id() + " still holds " + held[cpu.id()][depth[cpu.id()] - 1]);
        }
    }
}
