package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Prot;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What user programs, pins and pipes must see, told from the operations alone: the oracle that knows no design.
 *
 * <p>Mirrors: linux-mm section 11, item 13. It predicts the result of every operation when no allocation fails; where that hangs
 * on how mappings were merged, or on whether a page was discarded after MADV_FREE, it names the few results that there may be.
 *
 * <p>Leaves out: files, userfaultfd, KSM and huge pages, which it refuses.
 */
public final class MemoryModel {
    private static final int SIGSEGV = 11;

    private final TreeMap<Integer, ModelProcess> living = new TreeMap<>();
    private final ModelHolds holds;
    private final ModelAdvice advice = new ModelAdvice();

    public MemoryModel() {
        this(false);
    }

    /**
     * Makes the model of one process.
     *
     * @param largeFolios whether a fault may map and a pin may keep pages next to the one that it is for; which page a pipe holds cannot be told
     *     then, nor when it is this one's alone
     */
    public MemoryModel(boolean largeFolios) {
        holds = new ModelHolds(largeFolios);
        living.put(0, new ModelProcess());
    }

    /** The process, or null if it has ended or never began. */
    @Nullable
    ModelProcess process(int number) {
        return living.get(number);
    }

    /**
     * Performs an operation; the results that it may have. The one that it had must be told by {@link Prediction#settle}.
     *
     * @throws UnsupportedOperationException if the model does not know the operation
     */
    public Prediction perform(Op op) {
        return switch (op) {
            case Op.Global global -> global(global);
            case Op.OfProcess own -> {
                ModelProcess process = living.get(own.proc());
                yield process == null ? exactly(OpResult.DEAD_PROCESS) : own(own, process);
            }
        };
    }

    private static Prediction exactly(String result) {
        return new Prediction.Exactly(result);
    }

    private static UnsupportedOperationException refused(Op op) {
        return new UnsupportedOperationException(op.src().text());
    }

    private Prediction global(Op.Global op) {
        return switch (op) {
            case Op.Swap _ -> {
                advice.swapOn();
                yield exactly(OpResult.OK);
            }
            case Op.Drain _,Op.Sleep _ -> exactly(OpResult.OK);
            case Op.Observe _,Op.Vmas _,Op.Smaps _ -> new Prediction.Anything();
            case Op.Truncate _,Op.Punch _,Op.Fwrite _,Op.Fread _,Op.Ksm _ -> throw refused(op);
        };
    }

    private Prediction own(Op.OfProcess op, ModelProcess process) {
        return switch (op) {
            case Op.Lifecycle life -> exactly(lifecycle(life, process));
            case Op.Mmap mmap -> exactly(ModelMapping.map(process, mmap));
            case Op.Munmap(_, _, PageRange range) -> exactly(ModelMapping.unmap(process, range));
            case Op.Mprotect(_, _, PageRange range, Prot prot) -> exactly(ModelMapping.protect(process, range, prot));
            case Op.Mremap mremap -> new ModelMove(process).move(mremap);
            case Op.MremapInPlace mremap -> new ModelMove(process).resizeInPlace(mremap);
            case Op.Madvise(_, _, PageRange range, var word) -> exactly(advice.advise(process, range, word));
            case Op.Pmadvise pmadvise -> pmadvise(pmadvise);
            case Op.Mlock mlock -> exactly(ModelMapping.lock(process, mlock));
            case Op.Munlock(_, _, PageRange range) -> exactly(ModelMapping.unlock(process, range));
            case Op.Mincore(_, _, PageRange range) -> ModelMapping.residency(process, range);
            case Op.Cpu _ -> exactly(OpResult.OK);
            default -> access(op, process);
        };
    }

    private Prediction access(Op.OfProcess op, ModelProcess process) {
        return switch (op) {
            case Op.Write write -> ModelAccess.write(process, write);
            case Op.Read read -> ModelAccess.read(process, read);
            case Op.TouchRange touch -> ModelAccess.touch(process, touch);
            case Op.ReadRange(_, _, PageRange range) -> ModelAccess.readRange(process, range);
            case Op.Pin(_, _, PageRange range) -> exactly(ModelHolds.pin(process, range));
            case Op.Unpin(_, _, PageRange range) -> exactly(ModelHolds.unpin(process, range));
            case Op.Vmsplice(_, _, var page, int pipe) ->
                    exactly(holds.vmsplice(process.page(page.vaddr()), pipe));
            case Op.ReadPipe(_, _, int pipe) -> holds.read(pipe);
            case Op.OdRead read -> ModelAccess.directRead(process, read);
            case Op.OdWrite write -> ModelAccess.directWrite(process, write);
            case Op.MemRead read -> ofTarget(read.target(), target -> ModelAccess.memRead(target, read));
            case Op.MemWrite write -> ofTarget(write.target(), target -> ModelAccess.memWrite(target, write));
            case Op.PvmRead read -> ofTarget(read.target(), target -> ModelAccess.vmRead(target, read));
            case Op.PvmWrite write -> ofTarget(write.target(), target -> ModelAccess.vmWrite(target, write));
            default -> throw refused(op);
        };
    }

    private Prediction ofTarget(int number, Function<ModelProcess, Prediction> action) {
        ModelProcess target = living.get(number);
        return target == null ? either("ESRCH", OpResult.DEAD_PROCESS) : action.apply(target);
    }

    private static Prediction either(String... results) {
        return new Prediction.OneOf(List.of(results), _ -> {});
    }

    private Prediction pmadvise(Op.Pmadvise op) {
        return ofTarget(op.target(), target -> {
            if (op.proc() != op.target() && !ModelAdvice.isForOthers(op.advice())) {
                return exactly("EINVAL");
            }
            String result = advice.advise(target, op.range(), op.advice());
            return result.equals(OpResult.OK) ? either(result, OpResult.count(op.range().bytes())) : exactly(result);
        });
    }

    private String lifecycle(Op.Lifecycle op, ModelProcess process) {
        if (op instanceof Op.Fork fork) {
            living.put(fork.child(), process.fork());
            return OpResult.OK;
        }
        process.end();
        living.remove(op.proc());
        return op instanceof Op.Crash ? OpResult.died(op.proc(), SIGSEGV) : OpResult.OK;
    }

    /** Calls with what each pin must see, by process, buffer and page. */
    void forEachPinned(Consumer<Seen> values) {
        living.values().forEach(process -> process.buffers()
                .forEach(buffer -> buffer.frames().forEach(frame -> values.accept(frame.seen()))));
    }

    /** Calls with what each pipe's pages must hold, by pipe, first in first. */
    void forEachPiped(Consumer<Seen> values) {
        holds.forEachPiped(values);
    }
}
