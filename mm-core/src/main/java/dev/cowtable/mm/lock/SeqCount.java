package dev.cowtable.mm.lock;

import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A sequence counter: odd while its one writer is at work.
 *
 * <p>Mirrors: seqcount_t with raw_write_seqcount_begin() and raw_read_seqcount(); readers never wait.
 * <p>Locks: the writer is serialised by a lock that it names itself (mmap_lock for write_protect_seq).
 */
public final class SeqCount {
    private static final VarHandle SEQUENCE;

    static {
        try {
            SEQUENCE = MethodHandles.lookup().findVarHandle(SeqCount.class, "sequence", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long id;
    @SuppressWarnings("FieldMayBeFinal")
    private int sequence;

    public SeqCount(Lockdep lockdep) {
        this.id = lockdep.nextIdentity();
    }

    public void writeBegin(Cpu cpu) {
        cpu.step(Step.WRITE, id);
        advance(0);
    }

    public void writeEnd(Cpu cpu) {
        cpu.step(Step.WRITE, id);
        advance(1);
    }

    private void advance(int expectedParity) {
        int before = (int) SEQUENCE.getAndAdd(this, 1);
        if ((before & 1) != expectedParity) {
            throw new LockOrderException("a second writer in a seqcount section, or an end without a begin");
        }
    }

    /** The value to hand to {@link #readRetry}; odd means that a writer is at work now. */
    public int rawRead(Cpu cpu) {
        cpu.step(Step.READ, id);
        return (int) SEQUENCE.getVolatile(this);
    }

    /** True if a writer has been at work since {@code begun} was read. */
    public boolean readRetry(Cpu cpu, int begun) {
        cpu.step(Step.READ, id);
        return (int) SEQUENCE.getVolatile(this) != begun;
    }
}
