package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One interrupt sent to some CPUs, in three stages for each: sent, delivered (the handler begins), acknowledged (it has run).
 *
 * <p>Ready when every target has acknowledged.
 */
public final class IpiRequest implements Waitable {
    private static final VarHandle DELIVERED = handle("delivered");
    private static final VarHandle ACKNOWLEDGED = handle("acknowledged");

    private final int senderId;
    private final long targets;
    private final InterruptHandler handler;
    private final @Nullable MmuListener listener;

    @SuppressWarnings({"unused", "UnusedVariable"})
    private long delivered;
    @SuppressWarnings({"unused", "UnusedVariable"})
    private long acknowledged;

    IpiRequest(int senderId, long targets, InterruptHandler handler, @Nullable MmuListener listener) {
        this.senderId = senderId;
        this.targets = targets;
        this.handler = handler;
        this.listener = listener;
    }

    /** A mask of the CPUs that it was sent to. */
    public long sentMask() {
        return targets;
    }

    /** A mask of the CPUs that have begun to run the handler. */
    public long deliveredMask() {
        return (long) DELIVERED.getAcquire(this);
    }

    /** A mask of the CPUs that have run the handler. */
    public long acknowledgedMask() {
        return (long) ACKNOWLEDGED.getAcquire(this);
    }

    /** Runs the handler on the target and acknowledges, also when the handler throws: nobody waits for a dead CPU. */
    void runOn(Cpu target) {
        long bit = 1L << target.id();
        DELIVERED.getAndBitwiseOr(this, bit);
        if (listener != null) {
            listener.ipiDelivered(senderId, target.id());
        }
        try {
            handler.handle(target);
        } finally {
            ACKNOWLEDGED.getAndBitwiseOr(this, bit);
            if (listener != null) {
                listener.ipiAcknowledged(senderId, target.id());
            }
        }
    }

    @Override
    public boolean isReady() {
        return acknowledgedMask() == targets;
    }

    @Override
    public String describe() {
        return "IPI from CPU " + senderId + " to CPUs 0x" + Long.toHexString(targets) + " ("
                + Long.bitCount(targets & ~acknowledgedMask()) + " outstanding)";
    }

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(IpiRequest.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
