package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** One interrupt sent to some CPUs; ready when every target has run the handler. */
public final class IpiRequest implements Waitable {
    private static final VarHandle OUTSTANDING = outstandingHandle();

    private final int senderId;
    private final long targets;
    private final InterruptHandler handler;

    @SuppressWarnings({"unused", "UnusedVariable"})
    private int outstanding;

    IpiRequest(int senderId, long targets, InterruptHandler handler) {
        this.senderId = senderId;
        this.targets = targets;
        this.handler = handler;
        this.outstanding = Long.bitCount(targets);
    }

    /** Runs the handler on the target and acknowledges, also when the handler throws: nobody waits for a dead CPU. */
    void runOn(Cpu target) {
        try {
            handler.handle(target);
        } finally {
            OUTSTANDING.getAndAdd(this, -1);
        }
    }

    @Override
    public boolean isReady() {
        return (int) OUTSTANDING.getAcquire(this) == 0;
    }

    @Override
    public String describe() {
        return "IPI from CPU " + senderId + " to CPUs 0x" + Long.toHexString(targets) + " ("
                + (int) OUTSTANDING.getAcquire(this) + " outstanding)";
    }

    private static VarHandle outstandingHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(IpiRequest.class, "outstanding", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
