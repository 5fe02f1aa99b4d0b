package dev.cowtable.mmu.cpu;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.SingleThreadExecutor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbGeometry;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** Some CPUs on one physical memory, with the interrupts between them. */
public final class Machine {
    /** A mask of CPUs is a long. */
    public static final int MAX_CPUS = Long.SIZE;

    private static final VarHandle IPIS_SENT = ipisSentHandle();

    private final PhysicalMemory memory;
    private final Executor executor;
    private final TlbPolicy tlbPolicy;
    private final @Nullable MmuListener listener;
    private final Cpu[] cpus;

    @SuppressWarnings({"unused", "UnusedVariable"})
    private long ipisSent;

    private Machine(Builder builder) {
        this.memory = new PhysicalMemory(builder.memoryBytes);
        this.executor = builder.executor;
        this.tlbPolicy = builder.tlbPolicy;
        this.listener = builder.listener;
        this.cpus = new Cpu[builder.cpus];
        for (int id = 0; id < cpus.length; id++) {
            cpus[id] = new Cpu(id, this, builder);
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

    @Nullable
    MmuListener listener() {
        return listener;
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
        long targets = othersOf(sender, targetMask);
        IpiRequest request = new IpiRequest(sender.id(), targets, handler, listener);
        for (long rest = targets; rest != 0; rest &= rest - 1) {
            send(sender, cpus[Long.numberOfTrailingZeros(rest)], request);
        }
        return request;
    }

    /**
     * As {@link #sendIpi}, but a CPU in lazy-TLB mode is only marked: it flushes by itself when it leaves the mode.
     *
     * @param handler must do no more than drop user translations, for which the lazy CPU's flush stands in
     */
    public IpiRequest shootdown(Cpu sender, long targetMask, InterruptHandler handler) {
        long targets = 0;
        for (long rest = othersOf(sender, targetMask); rest != 0; rest &= rest - 1) {
            Cpu target = cpus[Long.numberOfTrailingZeros(rest)];
            sender.step(Step.READ_MODIFY_WRITE, target.id());
            sender.memory().drain();
            targets |= target.lazyTlb().markStale() ? 0 : 1L << target.id();
        }
        return sendIpi(sender, targets, handler);
    }

    private long othersOf(Cpu sender, long mask) {
        if (cpus.length < MAX_CPUS && mask >>> cpus.length != 0) {
            throw new IllegalArgumentException("IPI to CPUs 0x" + Long.toHexString(mask) + " of a machine of "
                    + cpus.length);
        }
        return mask & ~(1L << sender.id());
    }

    /** Why: the interrupt command is a store like others, so those before it reach memory first. */
    private void send(Cpu sender, Cpu target, IpiRequest request) {
        sender.step(Step.IPI, target.id());
        sender.memory().drain();
        IPIS_SENT.getAndAdd(this, 1L);
        if (listener != null) {
            listener.ipiSent(sender.id(), target.id());
        }
        target.interrupts().post(request);
    }

    /** Gives every other CPU something to run that is no interrupt. */
    IpiRequest broadcast(Cpu sender, InterruptHandler action) {
        long everyone = cpus.length == MAX_CPUS ? -1 : (1L << cpus.length) - 1;
        IpiRequest request = new IpiRequest(sender.id(), othersOf(sender, everyone), action, null);
        for (Cpu target : cpus) {
            if (target != sender) {
                target.interrupts().postBroadcast(request);
            }
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

    /** Default: one CPU of {@link CpuModel#INTEL}, 4 levels, 1 GiB of memory, a realistic TLB, no store buffer, one thread. */
    public static final class Builder {
        private int cpus = 1;
        private long memoryBytes = 1L << 30;
        private TlbPolicy tlbPolicy = TlbPolicy.REALISTIC;
        private Executor executor = new SingleThreadExecutor();
        private @Nullable MmuListener listener;
        CpuModel model = CpuModel.INTEL;
        int pagingLevels = Paging.TOP_LEVEL;
        TlbGeometry geometry = TlbGeometry.DEFAULT;
        int storeBufferDepth;

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

        public Builder model(CpuModel what) {
            model = what;
            return this;
        }

        /** 4, or 5 (CR4.LA57) on a model that has it; fixed for the life of the machine, as in 64-bit mode. */
        public Builder pagingLevels(int levels) {
            pagingLevels = levels;
            return this;
        }

        /** Sizes of the caches; used by {@link TlbPolicy#REALISTIC} alone. */
        public Builder tlbGeometry(TlbGeometry sizes) {
            geometry = sizes;
            return this;
        }

        /** Stores that a CPU may hold back from memory; 0, no buffer: every store is seen at once. */
        public Builder storeBuffer(int depth) {
            if (depth < 0) {
                throw new IllegalArgumentException("store buffer of " + depth);
            }
            storeBufferDepth = depth;
            return this;
        }

        public Builder listener(MmuListener who) {
            listener = who;
            return this;
        }

        public Machine build() {
            return new Machine(this);
        }
    }
}
