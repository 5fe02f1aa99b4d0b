package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.PageRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A process in the model: what is mapped page by page, and its pinned buffers. No tables, no TLB; of VMAs, where one may begin. */
final class ModelProcess {
    record Buffer(long vaddr, List<ModelFrame> frames) {}

    private final TreeMap<Long, ModelPage> pages = new TreeMap<>();
    private final List<Buffer> buffers = new ArrayList<>();
    private boolean everPinned;

    @Nullable
    ModelPage page(long vaddr) {
        return pages.get(vaddr);
    }

    List<Buffer> buffers() {
        return buffers;
    }

    /** MMF_HAS_PINNED. */
    void notePin() {
        everPinned = true;
    }

    // ---------------------------------------------------------------- mappings

    void map(PageRange range, Op.MapOptions how) {
        ModelObject object = how.shared() ? new ModelObject(range.pages()) : null;
        unmap(range.vaddr(), range.endVaddr());
        for (long i = 0; i < range.pages(); i++) {
            put(range.vaddr() + i * AreaLayout.PAGE_BYTES, ModelPage.mapped(how, object, i));
        }
        cut(range.vaddr(), range.endVaddr());
        if (how.locked() || how.populate()) {
            populate(range.vaddr(), range.endVaddr());
        }
    }

    /** Puts a page where none is. */
    void put(long vaddr, ModelPage page) {
        pages.put(vaddr, page);
    }

    /** Takes a page away with all that lies there; null if there is none. */
    @Nullable
    ModelPage take(long vaddr) {
        return pages.remove(vaddr);
    }

    void unmap(long vaddr, long endVaddr) {
        Map<Long, ModelPage> gone = pages.subMap(vaddr, endVaddr);
        gone.values().forEach(ModelPage::drop);
        gone.clear();
        cut(endVaddr, endVaddr);
    }

    /** Notes that mappings may begin at both ends of a range. */
    void cut(long vaddr, long endVaddr) {
        for (long at : new long[] {vaddr, endVaddr}) {
            ModelPage page = page(at);
            if (page != null) {
                page.cut = true;
            }
        }
    }

    /** Faults pages in for good, for writing where private memory may be written, up to the first that fails. */
    boolean populate(long vaddr, long endVaddr) {
        for (long at = vaddr; at < endVaddr; at += AreaLayout.PAGE_BYTES) {
            ModelPage page = page(at);
            if (page == null || !populate(page)) {
                return false;
            }
        }
        return true;
    }

    private static boolean populate(ModelPage page) {
        if (page.lock == ModelPage.Lock.ON_FAULT) {
            return true;
        }
        boolean write = page.prot.writable() && !page.isShared();
        if (page.signal(write) != null) {
            return false;
        }
        if (write) {
            page.own();
        } else {
            page.look();
        }
        return true;
    }

    // ---------------------------------------------------------------- walks

    /** Applies to the mapped pages until one refuses with an errno; that errno, or ENOMEM if there is a hole, or null. */
    @Nullable
    String advise(PageRange range, Function<ModelPage, @Nullable String> step) {
        Map<Long, ModelPage> within = pages.subMap(range.vaddr(), range.endVaddr());
        for (ModelPage page : within.values()) {
            String error = step.apply(page);
            if (error != null) {
                return error;
            }
        }
        return within.size() == range.pages() ? null : "ENOMEM";
    }

    /** Applies up to the first hole; whether there is none. */
    boolean forAllUntilHole(PageRange range, Consumer<ModelPage> change) {
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr(); vaddr += AreaLayout.PAGE_BYTES) {
            ModelPage page = page(vaddr);
            if (page == null) {
                return false;
            }
            change.accept(page);
        }
        return true;
    }

    // ---------------------------------------------------------------- life

    ModelProcess fork() {
        ModelProcess child = new ModelProcess();
        pages.forEach((vaddr, page) -> {
            if (!page.dontFork) {
                child.put(vaddr, page.forked(everPinned));
            }
        });
        return child;
    }

    void end() {
        buffers.forEach(buffer -> buffer.frames().forEach(frame -> frame.pins--));
        buffers.clear();
        pages.values().forEach(ModelPage::drop);
        pages.clear();
    }
}
