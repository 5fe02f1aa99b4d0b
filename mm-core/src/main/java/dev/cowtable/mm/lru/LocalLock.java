package dev.cowtable.mm.lru;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Protects the batches of one CPU, from that CPU itself and from whoever drains all CPUs.
 *
 * <p>Mirrors: local_lock_t.
 * <p>Differs: the kernel runs a drain of all CPUs on each of them; here the drainer takes the lock. Free, it is taken without a scheduling
 * point, as it is the CPU's own.
 */
final class LocalLock implements Waitable {
    private static final int FREE = -1;
    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup().findVarHandle(LocalLock.class, "owner", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("FieldMayBeFinal")
    private int owner = FREE;

    void lock(Cpu cpu) {
        while (!OWNER.compareAndSet(this, FREE, cpu.id())) {
            cpu.await(this);
        }
    }

    void unlock() {
        OWNER.setRelease(this, FREE);
    }

    @Override
    public boolean isReady() {
        return (int) OWNER.getAcquire(this) == FREE;
    }

    @Override
    public String describe() {
        return "local lock of a CPU's LRU batches";
    }
}
