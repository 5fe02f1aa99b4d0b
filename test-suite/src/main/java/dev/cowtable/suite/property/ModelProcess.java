package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Prot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A process in the model: what is mapped page by page, and its pinned buffers. No tables, no VMAs, no TLB. */
final class ModelProcess {
    /** One mapped page; without a frame it reads as zero. */
    static final class Page {
        Prot prot;
        boolean dontFork;
        boolean wipeOnFork;
        @Nullable
        ModelFrame frame;

        Page(Prot prot) {
            this.prot = prot;
        }
    }

    record Buffer(long vaddr, List<ModelFrame> frames) {}

    private final TreeMap<Long, Page> pages = new TreeMap<>();
    private final List<Buffer> buffers = new ArrayList<>();
    private boolean everPinned;

    @Nullable
    Page page(long vaddr) {
        return pages.get(vaddr);
    }

    Map<Long, Page> pages() {
        return pages;
    }

    List<Buffer> buffers() {
        return buffers;
    }

    void notePin() {
        everPinned = true;
    }

    // ---------------------------------------------------------------- mappings

    void map(PageRange range, Prot prot) {
        unmap(range);
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr(); vaddr += AreaLayout.PAGE_BYTES) {
            pages.put(vaddr, new Page(prot));
        }
    }

    void unmap(PageRange range) {
        Map<Long, Page> gone = pages.subMap(range.vaddr(), range.endVaddr());
        gone.values().forEach(ModelProcess::drop);
        gone.clear();
    }

    /** Applies to all mapped pages; whether the range has no hole. */
    boolean forAll(PageRange range, Consumer<Page> change) {
        Map<Long, Page> within = pages.subMap(range.vaddr(), range.endVaddr());
        within.values().forEach(change);
        return within.size() == range.pages();
    }

    /** Applies up to the first hole; whether there is none. */
    boolean forAllUntilHole(PageRange range, Consumer<Page> change) {
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr(); vaddr += AreaLayout.PAGE_BYTES) {
            Page page = pages.get(vaddr);
            if (page == null) {
                return false;
            }
            change.accept(page);
        }
        return true;
    }

    static void drop(Page page) {
        if (page.frame != null) {
            page.frame.mappers--;
            page.frame = null;
        }
    }

    // ---------------------------------------------------------------- contents

    static int value(Page page) {
        return page.frame == null ? 0 : page.frame.value;
    }

    /** The page's frame, made the process's alone: what a write fault does. */
    static ModelFrame own(Page page) {
        ModelFrame old = page.frame;
        if (old != null && old.reusable()) {
            old.exclusive = true;
            return old;
        }
        drop(page);
        ModelFrame made = new ModelFrame(old == null ? 0 : old.value);
        page.frame = made;
        return made;
    }

    // ---------------------------------------------------------------- life

    ModelProcess fork() {
        ModelProcess child = new ModelProcess();
        pages.forEach((vaddr, page) -> {
            if (!page.dontFork) {
                child.pages.put(vaddr, childsPage(page));
            }
        });
        return child;
    }

    private Page childsPage(Page page) {
        Page copy = new Page(page.prot);
        copy.wipeOnFork = page.wipeOnFork;
        ModelFrame frame = page.frame;
        if (page.wipeOnFork || frame == null) {
            return copy;
        }
        if (frame.exclusive && frame.pins > 0 && everPinned) {
            copy.frame = new ModelFrame(frame.value);
        } else {
            frame.exclusive = false;
            frame.mappers++;
            copy.frame = frame;
        }
        return copy;
    }

    void end() {
        buffers.forEach(buffer -> buffer.frames().forEach(frame -> frame.pins--));
        buffers.clear();
        pages.values().forEach(ModelProcess::drop);
        pages.clear();
    }
}
