package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Some CPUs on one physical memory, with the interrupts between them. */
public final class Machine {
    /** A mask of CPUs is a long. */
    public static final int MAX_CPUS = Long.SIZE;

    private static final VarHandle IPIS_SENT = ipisSentHandle();

    private final PhysicalMemory memory;
    private final Executor executor;
    private final TlbPolicy tlbPolicy;
    private final Cpu[] cpus;

    @SuppressWarnings({"unused", "UnusedVariable"})
    private long ipisSent;

    private Machine(Builder builder) {
        this.memory = new PhysicalMemory(builder.memoryBytes);
        this.executor = builder.executor;
        this.tlbPolicy = builder.tlbPolicy;
        this.cpus = new Cpu[builder.cpus];
        for (int id = 0; id < cpus.length; id++) {
            cpus[id] = new Cpu(id, this, builder.gigabytePages);
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    public int cpuCount() {
        return cpus.length;
    }

    public Cpu cpu(int id) {
        return cpus[id];
    }

    public PhysicalMemory memory() {
        return memory;
    }

    public Executor executor() {
        return executor;
    }

    public TlbPolicy tlbPolicy() {
        return tlbPolicy;
    }

    /**
     * Posts an interrupt to every CPU of the mask but the sender.
     *
     * <p>A running target runs the handler at its next step with interrupts enabled, or while it waits; for an idle
     * target the sender runs the handler now.
     *
     * @return ready once all targets have run it; wait with {@link #awaitIpi}
     */
    public IpiRequest sendIpi(Cpu sender, long targetMask, InterruptHandler handler) {
        long targets = targetMask & ~(1L << sender.id());
        if (cpus.length < MAX_CPUS && targets >>> cpus.length != 0) {
            throw new IllegalArgumentException("IPI to CPUs 0x" + Long.toHexString(targetMask) + " of a machine of "
                    + cpus.length);
        }
        IpiRequest request = new IpiRequest(sender.id(), targets, handler);
        for (long rest = targets; rest != 0; rest &= rest - 1) {
            int target = Long.numberOfTrailingZeros(rest);
            sender.step(Step.IPI, target);
            IPIS_SENT.getAndAdd(this, 1L);
            cpus[target].interrupts().post(request);
        }
        return request;
    }

    /**
     * Waits until all targets have run the handler.
     *
     * <p>Why: the sender must have interrupts enabled, or two senders could wait for each other for ever.
     */
    public void awaitIpi(Cpu sender, IpiRequest request) {
        if (!sender.interruptsEnabled()) {
            throw new IllegalStateException("CPU " + sender.id() + " waits for an IPI with interrupts disabled");
        }
        sender.await(request);
    }

    /** Interrupts sent, counted once per target. */
    public long ipisSent() {
        return (long) IPIS_SENT.getOpaque(this);
    }

    private static VarHandle ipisSentHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Machine.class, "ipisSent", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Default: one CPU, 1 GiB of memory, a realistic TLB, 1 GiB pages, one thread. */
    public static final class Builder {
        private int cpus = 1;
        private long memoryBytes = 1L << 30;
        private TlbPolicy tlbPolicy = TlbPolicy.REALISTIC;
        private Executor executor = new SingleThreadExecutor();
        private boolean gigabytePages = true;

        private Builder() {
        }

        public Builder cpus(int count) {
            if (count < 1 || count > MAX_CPUS) {
                throw new IllegalArgumentException(count + " CPUs: 1 to " + MAX_CPUS + " are possible");
            }
            cpus = count;
            return this;
        }

        public Builder memoryBytes(long bytes) {
            memoryBytes = bytes;
            return this;
        }

        public Builder tlbPolicy(TlbPolicy policy) {
            tlbPolicy = policy;
            return this;
        }

        public Builder executor(Executor who) {
            executor = who;
            return this;
        }

        /** CPUID 80000001 EDX[26]. */
        public Builder gigabytePages(boolean supported) {
            gigabytePages = supported;
            return this;
        }

        public Machine build() {
            return new Machine(this);
        }
    }
}
