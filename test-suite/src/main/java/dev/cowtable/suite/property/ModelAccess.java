package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What loads and stores do in the model: a process's own, O_DIRECT's, and those of other processes. */
final class ModelAccess {
    private static final int FILE_BYTE = 112;

    private ModelAccess() {}

    private static Prediction exactly(String text) {
        return new Prediction.Exactly(text);
    }

    // ---------------------------------------------------------------- by the process itself

    static Prediction write(ModelProcess process, Op.Write op) {
        return exactly(write(process, op.page().vaddr(), op.value()));
    }

    static Prediction read(ModelProcess process, Op.Read op) {
        ModelPage page = process.page(op.page().vaddr());
        String signal = signal(page, false);
        return page == null || signal != null ? exactly(String.valueOf(signal)) : load(page);
    }

    private static Prediction load(ModelPage page) {
        page.look();
        return Prediction.values(List.of(page.seen()));
    }

    private static String write(ModelProcess process, long vaddr, int value) {
        ModelPage page = process.page(vaddr);
        String signal = signal(page, true);
        if (page == null || signal != null) {
            return String.valueOf(signal);
        }
        page.write(value);
        return OpResult.OK;
    }

    private static @Nullable String signal(@Nullable ModelPage page, boolean write) {
        return page == null ? OpResult.SEGV_MAPERR : page.signal(write);
    }

    static Prediction touch(ModelProcess process, Op.TouchRange op) {
        PageRange range = op.range();
        for (long i = range.first(); i < range.end(); i++) {
            String result = write(process, range.area().pageVaddr(i), op.value().orElse((int) i & 0xff));
            if (!result.equals(OpResult.OK)) {
                return exactly(OpResult.signalAt(result, i - range.first()));
            }
        }
        return exactly(OpResult.OK);
    }

    static Prediction readRange(ModelProcess process, PageRange range) {
        List<Seen> values = new ArrayList<>();
        for (long i = 0; i < range.pages(); i++) {
            ModelPage page = process.page(range.vaddr() + i * AreaLayout.PAGE_BYTES);
            String signal = signal(page, false);
            if (page == null || signal != null) {
                return exactly(OpResult.signalAt(String.valueOf(signal), i));
            }
            page.look();
            values.add(page.seen());
        }
        return Prediction.values(values);
    }

    // ---------------------------------------------------------------- from outside

    /** An O_DIRECT read, which writes the page. */
    static Prediction directRead(ModelProcess process, Op.OdRead op) {
        return exactly(pinned(process.page(op.page().vaddr()), true, FILE_BYTE + (int) op.filePage(),
                OpResult.count(AreaLayout.PAGE_BYTES)));
    }

    static Prediction directWrite(ModelProcess process, Op.OdWrite op) {
        return exactly(pinned(process.page(op.page().vaddr()), false, 0, OpResult.count(AreaLayout.PAGE_BYTES)));
    }

    static Prediction vmWrite(ModelProcess target, Op.PvmWrite op) {
        return exactly(pinned(target.page(op.page().vaddr()), true, op.value(), OpResult.OK));
    }

    static Prediction vmRead(ModelProcess target, Op.PvmRead op) {
        ModelPage page = target.page(op.page().vaddr());
        String result = pinned(page, false, 0, OpResult.OK);
        return page == null || !result.equals(OpResult.OK) ? exactly(result) : load(page);
    }

    /** A short pin that respects protections. */
    private static String pinned(@Nullable ModelPage page, boolean write, int value, String done) {
        if (page == null || page.signal(write) != null) {
            return "EFAULT";
        }
        if (write) {
            page.write(value & 0xff);
        } else {
            page.unshare();
        }
        return done;
    }

    static Prediction memRead(ModelProcess target, Op.MemRead op) {
        ModelPage page = target.page(op.page().vaddr());
        return page == null || !page.canBeForced(false) ? exactly("EIO") : load(page);
    }

    static Prediction memWrite(ModelProcess target, Op.MemWrite op) {
        ModelPage page = target.page(op.page().vaddr());
        if (page == null || !page.canBeForced(true)) {
            return exactly("EIO");
        }
        page.write(op.value());
        return exactly(OpResult.OK);
    }
}
