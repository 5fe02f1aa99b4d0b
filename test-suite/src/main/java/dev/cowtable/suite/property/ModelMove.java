package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import java.util.List;

/**
 * mremap in the model.
 *
 * <p>Mirrors: the rules of Linux 6.18. A move that keeps the length takes several mappings, and leaves out holes after the first
 * page; one that changes it takes a part of one mapping. All is checked before anything is unmapped.
 */
final class ModelMove {
    private static final long PAGE = AreaLayout.PAGE_BYTES;
    private static final Prediction OK = new Prediction.Exactly(OpResult.OK);
    private static final Prediction EFAULT = new Prediction.Exactly("EFAULT");
    private static final Prediction EINVAL = new Prediction.Exactly("EINVAL");

    /** Whether a range lies in one mapping. */
    private enum OneMapping {
        YES, NO, UNKNOWN
    }

    private final ModelProcess process;

    ModelMove(ModelProcess process) {
        this.process = process;
    }

    Prediction move(Op.Mremap op) {
        PageRange from = op.from();
        PageRange to = op.to();
        boolean resizes = from.pages() != to.pages();
        if (from.vaddr() < to.endVaddr() && to.vaddr() < from.endVaddr() || op.dontunmap() && resizes) {
            return EINVAL;
        }
        if (process.page(from.vaddr()) == null) {
            return EFAULT;
        }
        if (resizes) {
            long endVaddr = from.vaddr() + Math.min(from.pages(), to.pages()) * PAGE;
            return ifOneMapping(from.vaddr(), endVaddr, OpResult.OK, () -> moveAndResize(from, to));
        }
        if (op.dontunmap()) {
            unlockWhatStays(from, to);
        }
        moveAll(from, to, op.dontunmap());
        return OK;
    }

    /** To grow, the range must be the end of one mapping with room above; to shrink, it need only begin in one. */
    Prediction resizeInPlace(Op.MremapInPlace op) {
        PageRange range = op.range();
        long newEnd = range.vaddr() + op.newPages() * PAGE;
        if (process.page(range.vaddr()) == null) {
            return EFAULT;
        }
        if (newEnd <= range.endVaddr()) {
            process.unmap(newEnd, range.endVaddr());
            return OK;
        }
        return isFree(range.endVaddr(), newEnd)
                ? ifOneMapping(range.vaddr(), range.endVaddr(), OpResult.OK, () -> grow(range.endVaddr(), newEnd))
                : ifOneMapping(range.vaddr(), range.endVaddr(), "ENOMEM", () -> {});
    }

    private boolean isFree(long vaddr, long endVaddr) {
        for (long at = vaddr; at < endVaddr; at += PAGE) {
            if (process.page(at) != null) {
                return false;
            }
        }
        return true;
    }

    // ---------------------------------------------------------------- one mapping or several

    /** {@code result} if the range is one mapping, for which {@code act} is then done; else EFAULT. */
    private Prediction ifOneMapping(long vaddr, long endVaddr, String result, Runnable act) {
        return switch (oneMapping(vaddr, endVaddr)) {
            case YES -> {
                act.run();
                yield new Prediction.Exactly(result);
            }
            case NO -> EFAULT;
            case UNKNOWN -> new Prediction.OneOf(List.of(result, "EFAULT"), had -> {
                if (had.equals(result)) {
                    act.run();
                }
            });
        };
    }

    private OneMapping oneMapping(long vaddr, long endVaddr) {
        OneMapping answer = OneMapping.YES;
        for (long at = vaddr + PAGE; at < endVaddr; at += PAGE) {
            ModelPage before = process.page(at - PAGE);
            ModelPage page = process.page(at);
            if (before == null || page == null || !before.mayGoOnIn(page)) {
                return OneMapping.NO;
            }
            answer = page.cut ? OneMapping.UNKNOWN : answer;
        }
        return answer;
    }

    // ---------------------------------------------------------------- moves

    private void moveAndResize(PageRange from, PageRange to) {
        process.unmap(to.vaddr(), to.endVaddr());
        long kept = Math.min(from.pages(), to.pages());
        process.unmap(from.vaddr() + kept * PAGE, from.endVaddr());
        for (long i = 0; i < kept; i++) {
            moveOne(from.vaddr() + i * PAGE, to.vaddr() + i * PAGE, false);
        }
        process.cut(from.vaddr(), from.endVaddr());
        process.cut(to.vaddr(), to.endVaddr());
        grow(to.vaddr() + kept * PAGE, to.endVaddr());
    }

    private void moveAll(PageRange from, PageRange to, boolean dontunmap) {
        for (long i = 0; i < from.pages(); i++) {
            moveOne(from.vaddr() + i * PAGE, to.vaddr() + i * PAGE, dontunmap);
        }
        process.cut(from.vaddr(), from.endVaddr());
        process.cut(to.vaddr(), to.endVaddr());
    }

    /** A hole moves nothing and leaves what lies at its target. */
    private void moveOne(long vaddr, long target, boolean dontunmap) {
        ModelPage page = process.take(vaddr);
        if (page == null) {
            process.cut(target, target + PAGE);
            return;
        }
        process.unmap(target, target + PAGE);
        process.put(target, page);
        if (dontunmap) {
            ModelPage empty = page.untouched(0);
            empty.lock = ModelPage.Lock.NONE;
            empty.cut = page.cut;
            process.put(vaddr, empty);
        }
    }

    /** Lengthens the mapping that ends at {@code endVaddr}; what is locked is populated. */
    private void grow(long endVaddr, long newEnd) {
        ModelPage last = process.page(endVaddr - PAGE);
        if (last == null || newEnd <= endVaddr) {
            return;
        }
        for (long vaddr = endVaddr; vaddr < newEnd; vaddr += PAGE) {
            process.put(vaddr, last.untouched((vaddr - endVaddr) / PAGE + 1));
        }
        process.cut(newEnd, newEnd);
        if (last.lock == ModelPage.Lock.LOCKED) {
            process.populate(endVaddr, newEnd);
        }
    }

    // ---------------------------------------------------------------- the lock of what stays behind

    /**
     * MREMAP_DONTUNMAP unlocks the mappings that it moves pages of, beyond the range too.
     *
     * <p>Why it may be refused: a copy beside its source may be merged into it, and is unlocked with it then.
     */
    private void unlockWhatStays(PageRange from, PageRange to) {
        if (anyLocked(from.vaddr(), from.endVaddr())
                && (anyLocked(to.vaddr() - PAGE, to.vaddr()) || anyLocked(to.endVaddr(), to.endVaddr() + PAGE))) {
            throw new UnsupportedOperationException("mremap dontunmap of a lock to where another one is");
        }
        long vaddr = from.vaddr();
        while (goesOn(vaddr)) {
            vaddr -= PAGE;
        }
        long endVaddr = from.endVaddr();
        while (goesOn(endVaddr)) {
            endVaddr += PAGE;
        }
        unlock(vaddr, from.vaddr());
        unlock(from.endVaddr(), endVaddr);
    }

    private void unlock(long vaddr, long endVaddr) {
        for (long at = vaddr; at < endVaddr; at += PAGE) {
            ModelPage page = process.page(at);
            if (page != null) {
                page.lock = ModelPage.Lock.NONE;
            }
        }
    }

    private boolean anyLocked(long vaddr, long endVaddr) {
        for (long at = vaddr; at < endVaddr; at += PAGE) {
            ModelPage page = process.page(at);
            if (page != null && page.isLocked()) {
                return true;
            }
        }
        return false;
    }

    /** Whether the locked mapping below {@code vaddr} goes on there. */
    private boolean goesOn(long vaddr) {
        ModelPage before = process.page(vaddr - PAGE);
        ModelPage page = process.page(vaddr);
        if (before == null || page == null || !before.isLocked() && !page.isLocked()) {
            return false;
        }
        if (page.cut && before.mayGoOnIn(page)) {
            throw new UnsupportedOperationException("mremap dontunmap of a lock whose ends are not known");
        }
        return !page.cut;
    }
}
