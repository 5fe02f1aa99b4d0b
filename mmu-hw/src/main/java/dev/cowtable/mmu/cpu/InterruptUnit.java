package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.exec.Waitable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Pending interrupts and broadcast invalidations of one CPU, and who may run them.
 *
 * <pre>
 *            enter                    post, leave
 *   RUNNING &lt;------- IDLE ----------------------&gt; SERVICED
 *      |    -------&gt;  ^                               |
 *            leave     +--------- handlers ran --------+
 * </pre>
 *
 * <p>A post pushes the request, raises {@link #PENDING} and then looks at the state: if IDLE, the poster takes the CPU
 * to SERVICED, runs all that is queued and gives it back. A CPU that becomes IDLE, by leaving or after service, looks
 * at the queue once more. Both sides store first and load afterwards, with full barriers, so no request is lost.
 *
 * <p>A broadcast is no interrupt: it runs with interrupts disabled too, but like them never inside an access.
 *
 * <p>Invariant: handlers run with {@link #disableDepth} above 0 and in the order of posting.
 */
final class InterruptUnit implements Waitable {
    static final int OBSERVED = 1;
    static final int PENDING = 2;

    private static final int IDLE = 0;
    private static final int RUNNING = 1;
    private static final int SERVICED = 2;

    private static final VarHandle ATTENTION;
    private static final VarHandle STATE;
    private static final VarHandle POSTED;
    private static final VarHandle BROADCASTS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ATTENTION = lookup.findVarHandle(InterruptUnit.class, "attention", int.class);
            STATE = lookup.findVarHandle(InterruptUnit.class, "state", int.class);
            POSTED = lookup.findVarHandle(InterruptUnit.class, "posted", Node.class);
            BROADCASTS = lookup.findVarHandle(InterruptUnit.class, "broadcasts", Node.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Cpu cpu;

    /* Written by any thread, through the handles alone. */
    private int attention;
    private int state = IDLE;
    private @Nullable Node posted;
    private @Nullable Node broadcasts;

    /* Touched only by the thread that drives the CPU or services it. */
    private @Nullable Node accepted;
    private int disableDepth;
    private boolean inAccess;

    InterruptUnit(Cpu cpu, boolean observed) {
        this.cpu = cpu;
        this.attention = observed ? OBSERVED : 0;
    }

    /** Not 0: the CPU's next step has more to do than go on. */
    int attention() {
        return (int) ATTENTION.getOpaque(this);
    }

    boolean enabled() {
        return disableDepth == 0;
    }

    boolean hasPending() {
        return POSTED.getOpaque(this) != null || accepted != null;
    }

    /** Something is pending that {@link #deliver} would run now. */
    boolean canDeliver() {
        return !inAccess && (BROADCASTS.getOpaque(this) != null || (disableDepth == 0 && hasPending()));
    }

    void disable() {
        disableDepth++;
    }

    /** Until {@link #endAccess} nothing is delivered. */
    void beginAccess() {
        disableDepth++;
        inAccess = true;
    }

    void endAccess() {
        disableDepth--;
        inAccess = false;
    }

    /** True if interrupts became enabled by this call. */
    boolean enable() {
        if (disableDepth == 0) {
            throw new IllegalStateException("interrupts of CPU " + cpu.id() + " are not disabled");
        }
        return --disableDepth == 0;
    }

    /** Called by any thread. */
    void post(IpiRequest request) {
        push(POSTED, request);
    }

    /** Called by any thread. */
    void postBroadcast(IpiRequest request) {
        push(BROADCASTS, request);
    }

    private void push(VarHandle queue, IpiRequest request) {
        Node node = new Node(request);
        Node head;
        do {
            head = (Node) queue.getVolatile(this);
            node.next = head;
        } while (!queue.compareAndSet(this, head, node));
        ATTENTION.getAndBitwiseOr(this, PENDING);
        serviceWhileIdle();
    }

    /**
     * Runs what is queued if the CPU is idle, and again if more came while it was being serviced.
     *
     * <p>Why: the second look is owed also by one that found nothing left to run: a post may have met it in SERVICED and gone away.
     */
    private void serviceWhileIdle() {
        while (canDeliver() && STATE.compareAndSet(this, IDLE, SERVICED)) {
            try {
                deliver();
            } finally {
                STATE.setVolatile(this, IDLE);
                VarHandle.fullFence();
            }
        }
    }

    /** Runs all broadcasts, and all pending handlers if interrupts are enabled; true if one ran. */
    boolean deliver() {
        if (!canDeliver()) {
            return false;
        }
        ATTENTION.getAndBitwiseAnd(this, ~PENDING);
        disableDepth++;
        try {
            runBroadcasts();
            if (disableDepth == 1) {
                runInterrupts();
            }
        } finally {
            disableDepth--;
            if (hasPending()) {
                ATTENTION.getAndBitwiseOr(this, PENDING);
            }
        }
        return true;
    }

    private void runBroadcasts() {
        Node node = reversed((Node) BROADCASTS.getAndSet(this, (Node) null));
        for (; node != null; node = node.next) {
            node.request.runOn(cpu);
        }
    }

    private void runInterrupts() {
        for (Node node = next(); node != null; node = next()) {
            node.request.runOn(cpu);
        }
    }

    private @Nullable Node next() {
        if (accepted == null) {
            accepted = reversed((Node) POSTED.getAndSet(this, (Node) null));
        }
        Node node = accepted;
        if (node != null) {
            accepted = node.next;
        }
        return node;
    }

    private static @Nullable Node reversed(@Nullable Node newestFirst) {
        Node oldestFirst = null;
        Node node = newestFirst;
        while (node != null) {
            Node following = node.next;
            node.next = oldestFirst;
            oldestFirst = node;
            node = following;
        }
        return oldestFirst;
    }

    /** IDLE to RUNNING; false while somebody services the CPU. */
    boolean tryEnter() {
        int witness = (int) STATE.compareAndExchange(this, IDLE, RUNNING);
        if (witness == RUNNING) {
            throw new IllegalStateException("CPU " + cpu.id() + " is running already");
        }
        return witness == IDLE;
    }

    void leave() {
        if ((int) STATE.getOpaque(this) != RUNNING) {
            throw new IllegalStateException("CPU " + cpu.id() + " is not running");
        }
        if (disableDepth != 0) {
            throw new IllegalStateException("CPU " + cpu.id() + " leaves with interrupts disabled");
        }
        deliver();
        STATE.setVolatile(this, IDLE);
        VarHandle.fullFence();
        serviceWhileIdle();
    }

    @Override
    public boolean isReady() {
        return (int) STATE.getAcquire(this) != SERVICED;
    }

    @Override
    public String describe() {
        return "the end of an interrupt that another CPU runs for it";
    }

    private static final class Node {
        private final IpiRequest request;
        private @Nullable Node next;

        Node(IpiRequest request) {
            this.request = request;
        }
    }
}
