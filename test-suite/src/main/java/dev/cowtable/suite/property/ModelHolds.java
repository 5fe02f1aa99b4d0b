package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Who holds pages besides those who map them, in the model: pinned buffers and pipes. */
final class ModelHolds {
    private static final int PIPES = 8;
    private static final int PIPE_SLOTS = 16;

    /** A page in a pipe; {@code maybeOther}: perhaps it was the zero page that went in. */
    private record Piped(ModelFrame frame, boolean maybeOther) {
        Seen seen() {
            return maybeOther || frame.maybeOther ? new Seen(0, false, true) : frame.seen();
        }
    }

    private final List<Deque<Piped>> pipes = new ArrayList<>();

    private final boolean largeFolios;

    /**
     * Makes the pipes.
     *
     * @param largeFolios whether a page that nobody has touched may be there already, or an exclusive one stay so across a fork, as its folio is
     *     pinned elsewhere; what a pipe took sees later writes then, or not
     */
    ModelHolds(boolean largeFolios) {
        this.largeFolios = largeFolios;
        for (int i = 0; i < PIPES; i++) {
            pipes.add(new ArrayDeque<>());
        }
    }

    // ---------------------------------------------------------------- pins

    /** Pages before one that fails have been made the process's own by then. */
    static String pin(ModelProcess process, PageRange range) {
        process.notePin();
        List<ModelFrame> frames = new ArrayList<>();
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr(); vaddr += AreaLayout.PAGE_BYTES) {
            ModelPage page = process.page(vaddr);
            if (page == null || page.signal(true) != null) {
                return "EFAULT";
            }
            frames.add(page.own());
        }
        frames.forEach(frame -> frame.pins++);
        process.buffers().add(new ModelProcess.Buffer(range.vaddr(), frames));
        return OpResult.OK;
    }

    static String unpin(ModelProcess process, PageRange range) {
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

    // ---------------------------------------------------------------- pipes

    String vmsplice(@Nullable ModelPage page, int pipe) {
        if (pipes.get(pipe).size() == PIPE_SLOTS) {
            return "EAGAIN";
        }
        if (page == null || page.signal(false) != null) {
            return "EFAULT";
        }
        ModelFrame found = page.look();
        // The zero page is nobody's and never changes.
        ModelFrame frame = found == null ? new ModelFrame(0) : found;
        frame.piped++;
        pipes.get(pipe).add(new Piped(frame, page.maybeZero || largeFolios));
        return OpResult.count(AreaLayout.PAGE_BYTES);
    }

    Prediction read(int pipe) {
        Piped piped = pipes.get(pipe).poll();
        if (piped == null) {
            return new Prediction.Exactly("EAGAIN");
        }
        piped.frame().piped--;
        return Prediction.values(List.of(piped.seen()));
    }

    /** Calls with what each pipe's pages must hold, by pipe, first in first. */
    void forEachPiped(Consumer<Seen> values) {
        pipes.forEach(pipe -> pipe.forEach(piped -> values.accept(piped.seen())));
    }
}
