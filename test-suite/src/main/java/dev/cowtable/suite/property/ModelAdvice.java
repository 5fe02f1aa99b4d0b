package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.Advice;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * madvise and process_madvise in the model.
 *
 * <p>What is refused in the middle of a range has been done before it; a hole is told at the end.
 */
final class ModelAdvice {
    private static final String EINVAL = "EINVAL";

    private boolean swapsOut;

    /** From now on pages may be in the swap space. */
    void swapOn() {
        swapsOut = true;
    }

    /** The result of advice from the process itself. */
    String advise(ModelProcess process, PageRange range, Advice advice) {
        String error = switch (advice) {
            case POPULATE_READ -> populate(process, range, false);
            case POPULATE_WRITE -> populate(process, range, true);
            default -> process.advise(range, effect(advice));
        };
        if (changesMapping(advice)) {
            process.cut(range.vaddr(), range.endVaddr());
        }
        return error == null ? OpResult.OK : error;
    }

    /** Whether another process may give it. */
    static boolean isForOthers(Advice advice) {
        return switch (advice) {
            case COLD, PAGEOUT, WILLNEED, COLLAPSE -> true;
            default -> false;
        };
    }

    private static boolean changesMapping(Advice advice) {
        return switch (advice) {
            case DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK, RANDOM, NORMAL -> true;
            default -> false;
        };
    }

    private Function<ModelPage, @Nullable String> effect(Advice advice) {
        return switch (advice) {
            case DONTNEED -> unlessLocked(ModelPage::drop);
            case DONTNEED_LOCKED -> always(ModelPage::drop);
            case FREE -> ModelAdvice::free;
            case COLD -> unlessLocked(_ -> {});
            case PAGEOUT -> unlessLocked(this::pageOut);
            case GUARD_INSTALL -> unlessLocked(page -> {
                page.drop();
                page.guard = true;
            });
            case GUARD_REMOVE -> always(page -> page.guard = false);
            case WILLNEED -> always(_ -> {});
            default -> flag(advice);
        };
    }

    private static Function<ModelPage, @Nullable String> flag(Advice advice) {
        return switch (advice) {
            case DONTFORK -> always(page -> page.dontFork = true);
            case DOFORK -> always(page -> page.dontFork = false);
            case WIPEONFORK -> ModelAdvice::wipeOnFork;
            case KEEPONFORK -> always(page -> page.wipeOnFork = false);
            case RANDOM -> always(page -> page.random = true);
            case NORMAL -> always(page -> page.random = false);
            default -> throw new UnsupportedOperationException("madvise " + advice.word());
        };
    }

    private static Function<ModelPage, @Nullable String> always(Consumer<ModelPage> change) {
        return page -> {
            change.accept(page);
            return null;
        };
    }

    private static Function<ModelPage, @Nullable String> unlessLocked(Consumer<ModelPage> change) {
        return page -> page.isLocked() ? EINVAL : always(change).apply(page);
    }

    private static @Nullable String wipeOnFork(ModelPage page) {
        if (page.isShared()) {
            return EINVAL;
        }
        page.wipeOnFork = true;
        return null;
    }

    /** Frees the slot of a page in the swap space at once; what else is there may go at the next pageout. */
    private static @Nullable String free(ModelPage page) {
        if (page.isLocked() || page.isShared()) {
            return EINVAL;
        }
        if (page.frame != null) {
            page.frame.lazy = true;
            page.frame.maybeOther |= page.maybeSwapped && page.frame.piped > 0;
            page.maybeZero |= page.maybeSwapped;
        }
        return null;
    }

    /** A pinned page is never swapped out: shrink_folio_list() keeps it, and no rmap walk takes its entry away. */
    private void pageOut(ModelPage page) {
        if (page.isShared() || page.frame == null) {
            return;
        }
        page.maybeSwapped |= swapsOut && page.frame.pins == 0;
        page.maybeZero |= page.frame.lazy && !page.frame.isHeld();
    }

    private static @Nullable String populate(ModelProcess process, PageRange range, boolean write) {
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr(); vaddr += AreaLayout.PAGE_BYTES) {
            ModelPage page = process.page(vaddr);
            String signal = page == null ? null : page.signal(write);
            if (page == null) {
                return "ENOMEM";
            }
            if (signal != null) {
                return signal.equals(OpResult.SEGV_ACCERR) ? EINVAL : "EFAULT";
            }
            if (write) {
                page.own();
            } else {
                page.look();
            }
        }
        return null;
    }
}
