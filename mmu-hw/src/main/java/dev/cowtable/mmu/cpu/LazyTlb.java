package dev.cowtable.mmu.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Whether a shootdown may pass a CPU by, and whether one has. One word, so that neither side can miss the other. */
final class LazyTlb {
    private static final int ACTIVE = 0;
    private static final int LAZY = 1;
    private static final int LAZY_AND_STALE = 2;
    private static final VarHandle STATE = stateHandle();

    @SuppressWarnings({"unused", "UnusedVariable"})
    private int state = ACTIVE;

    void enter() {
        STATE.setVolatile(this, LAZY);
    }

    /** True: a shootdown has passed the CPU by. */
    boolean leave() {
        return (int) STATE.getAndSet(this, ACTIVE) == LAZY_AND_STALE;
    }

    /** Called by any thread; true: the CPU is lazy, and {@link #leave} will tell it to flush. */
    boolean markStale() {
        return (int) STATE.compareAndExchange(this, LAZY, LAZY_AND_STALE) != ACTIVE;
    }

    private static VarHandle stateHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(LazyTlb.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
