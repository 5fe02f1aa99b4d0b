package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Prot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What user programs, pins and pipes must see, told from the operations alone: the oracle that knows no design.
 *
 * <p>Mirrors: linux-mm section 11, item 13. It predicts the result of every operation when no allocation fails.
 */
public final class MemoryModel {
    private static final int PIPES = 8;
    private static final int PIPE_SLOTS = 16;
    private static final int SIGSEGV = 11;

    private final TreeMap<Integer, ModelProcess> living = new TreeMap<>();
    private final List<Deque<ModelFrame>> pipes = new ArrayList<>();

    public MemoryModel() {
        living.put(0, new ModelProcess());
        for (int i = 0; i < PIPES; i++) {
            pipes.add(new ArrayDeque<>());
        }
    }

    /** The process, or null if it has ended or never began. */
    @Nullable
    ModelProcess process(int number) {
        return living.get(number);
    }

    /** Performs an operation; the result that it must have. */
    public String perform(Op op) {
        if (!(op instanceof Op.OfProcess own)) {
            return OpResult.OK;
        }
        ModelProcess process = living.get(own.proc());
        if (process == null) {
            return OpResult.DEAD_PROCESS;
        }
        return switch (own) {
            case Op.Lifecycle life -> lifecycle(life, process);
            case Op.Mmap(_, _, PageRange range, Op.MapOptions how) -> map(process, range, how);
            case Op.Munmap(_, _, PageRange range) -> unmap(process, range);
            case Op.Mprotect(_, _, PageRange range, Prot prot) ->
                    result(process.forAllUntilHole(range, page -> page.prot = prot));
            case Op.Madvise advise -> madvise(process, advise);
            case Op.Cpu _ -> OpResult.OK;
            default -> access(own, process);
        };
    }

    private static String result(boolean holeFree) {
        return holeFree ? OpResult.OK : "ENOMEM";
    }

    // ---------------------------------------------------------------- processes and mappings

    private String lifecycle(Op.Lifecycle op, ModelProcess process) {
        if (op instanceof Op.Fork fork) {
            living.put(fork.child(), process.fork());
            return OpResult.OK;
        }
        process.end();
        living.remove(op.proc());
        return op instanceof Op.Crash ? OpResult.died(op.proc(), SIGSEGV) : OpResult.OK;
    }

    private static String map(ModelProcess process, PageRange range, Op.MapOptions how) {
        process.map(range, how.prot());
        if (how.populate() && how.prot().writable()) {
            process.forAll(range, ModelProcess::own);
        }
        return OpResult.OK;
    }

    private static String unmap(ModelProcess process, PageRange range) {
        process.unmap(range);
        return OpResult.OK;
    }

    private static String madvise(ModelProcess process, Op.Madvise op) {
        return result(process.forAll(op.range(), page -> {
            switch (op.advice()) {
                case DONTNEED -> ModelProcess.drop(page);
                case DONTFORK -> page.dontFork = true;
                case DOFORK -> page.dontFork = false;
                case WIPEONFORK -> page.wipeOnFork = true;
                case KEEPONFORK -> page.wipeOnFork = false;
                default -> throw new UnsupportedOperationException("madvise " + op.advice().word());
            }
        }));
    }

    // ---------------------------------------------------------------- accesses

    private String access(Op.OfProcess op, ModelProcess process) {
        return switch (op) {
            case Op.Write(_, _, var page, int value) -> write(process, page.vaddr(), value);
            case Op.Read(_, _, var page) -> {
                String failure = readFailure(process.page(page.vaddr()));
                yield failure != null ? failure : OpResult.value(valueAt(process, page.vaddr()));
            }
            case Op.TouchRange touch -> touch(process, touch);
            case Op.ReadRange(_, _, PageRange range) -> readRange(process, range);
            case Op.Pin(_, _, PageRange range) -> pin(process, range);
            case Op.Unpin(_, _, PageRange range) -> unpin(process, range);
            case Op.Vmsplice(_, _, var page, int pipe) -> vmsplice(process.page(page.vaddr()), pipe);
            case Op.ReadPipe(_, _, int pipe) -> readPipe(pipe);
            default -> throw new UnsupportedOperationException(op.src().text());
        };
    }

    private static int valueAt(ModelProcess process, long vaddr) {
        ModelProcess.Page page = process.page(vaddr);
        return page == null ? 0 : ModelProcess.value(page);
    }

    private static String write(ModelProcess process, long vaddr, int value) {
        ModelProcess.Page page = process.page(vaddr);
        if (page == null) {
            return OpResult.SEGV_MAPERR;
        }
        if (!page.prot.writable()) {
            return OpResult.SEGV_ACCERR;
        }
        ModelProcess.own(page).value = value;
        return OpResult.OK;
    }

    private static @Nullable String readFailure(ModelProcess.@Nullable Page page) {
        if (page == null) {
            return OpResult.SEGV_MAPERR;
        }
        return page.prot.readable() ? null : OpResult.SEGV_ACCERR;
    }

    private static String touch(ModelProcess process, Op.TouchRange op) {
        PageRange range = op.range();
        for (long i = range.first(); i < range.end(); i++) {
            String result = write(process, range.area().pageVaddr(i), op.value().orElse((int) i & 0xff));
            if (!result.equals(OpResult.OK)) {
                return OpResult.signalAt(result, i - range.first());
            }
        }
        return OpResult.OK;
    }

    private static String readRange(ModelProcess process, PageRange range) {
        byte[] values = new byte[(int) range.pages()];
        for (int i = 0; i < values.length; i++) {
            long vaddr = range.vaddr() + i * AreaLayout.PAGE_BYTES;
            String failure = readFailure(process.page(vaddr));
            if (failure != null) {
                return OpResult.signalAt(failure, i);
            }
            values[i] = (byte) valueAt(process, vaddr);
        }
        return OpResult.values(values, values.length);
    }

    // ---------------------------------------------------------------- pins and pipes

    /** Pages before one that fails have been made the process's own by then. */
    private static String pin(ModelProcess process, PageRange range) {
        process.notePin();
        List<ModelFrame> frames = new ArrayList<>();
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr(); vaddr += AreaLayout.PAGE_BYTES) {
            ModelProcess.Page page = process.page(vaddr);
            if (page == null || !page.prot.writable()) {
                return "EFAULT";
            }
            frames.add(ModelProcess.own(page));
        }
        frames.forEach(frame -> frame.pins++);
        process.buffers().add(new ModelProcess.Buffer(range.vaddr(), frames));
        return OpResult.OK;
    }

    private static String unpin(ModelProcess process, PageRange range) {
        for (int i = process.buffers().size() - 1; i >= 0; i--) {
            ModelProcess.Buffer buffer = process.buffers().get(i);
            if (buffer.vaddr() == range.vaddr() && buffer.frames().size() == range.pages()) {
                buffer.frames().forEach(frame -> frame.pins--);
                process.buffers().remove(i);
                return OpResult.OK;
            }
        }
        return "EINVAL";
    }

    private String vmsplice(ModelProcess.@Nullable Page page, int pipe) {
        if (pipes.get(pipe).size() == PIPE_SLOTS) {
            return "EAGAIN";
        }
        if (page == null || !page.prot.readable()) {
            return "EFAULT";
        }
        // The zero page is nobody's and never changes.
        ModelFrame frame = page.frame == null ? new ModelFrame(0) : page.frame;
        frame.piped++;
        pipes.get(pipe).add(frame);
        return OpResult.count(AreaLayout.PAGE_BYTES);
    }

    private String readPipe(int pipe) {
        ModelFrame frame = pipes.get(pipe).poll();
        if (frame == null) {
            return "EAGAIN";
        }
        frame.piped--;
        return OpResult.value(frame.value);
    }

    /** Calls with what each pin must see, by process, buffer and page. */
    void forEachPinned(IntConsumer values) {
        living.values().forEach(process -> process.buffers()
                .forEach(buffer -> buffer.frames().forEach(frame -> values.accept(frame.value))));
    }

    /** Calls with what each pipe's pages must hold, by pipe, first in first. */
    void forEachPiped(IntConsumer values) {
        pipes.forEach(pipe -> pipe.forEach(frame -> values.accept(frame.value)));
    }
}
