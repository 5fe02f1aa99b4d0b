package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.Prot;
import org.jspecify.annotations.Nullable;

/** One mapped page of a process: the flags of its mapping, and what lies there. A private page without a frame reads as zero. */
final class ModelPage {
    /** VM_LOCKED, and VM_LOCKED with VM_LOCKONFAULT. */
    enum Lock {
        NONE, LOCKED, ON_FAULT
    }

    Prot prot;
    boolean dontFork;
    boolean wipeOnFork;
    boolean random;
    Lock lock = Lock.NONE;
    /** Whether a mapping may begin here; if not, it is the same one as the page below's. */
    boolean cut;
    boolean guard;
    @Nullable
    ModelFrame frame;
    /** The page may have been discarded, or its slot freed, by MADV_FREE. */
    boolean maybeZero;
    /** The page may be in the swap space. */
    boolean maybeSwapped;

    private final boolean noreserve;
    private final @Nullable ModelObject object;
    private final long index;

    private ModelPage(Prot prot, boolean noreserve, @Nullable ModelObject object, long index) {
        this.prot = prot;
        this.noreserve = noreserve;
        this.object = object;
        this.index = index;
    }

    /** Page {@code index} of a new mapping; {@code object} is null for a private one. */
    static ModelPage mapped(Op.MapOptions how, @Nullable ModelObject object, long index) {
        ModelPage page = new ModelPage(how.prot(), how.noreserve(), object, index);
        page.lock = how.locked() ? Lock.LOCKED : Lock.NONE;
        return page;
    }

    /** An untouched page {@code pages} further on in the same mapping. */
    ModelPage untouched(long pages) {
        ModelPage page = new ModelPage(prot, noreserve, object, index + pages);
        page.dontFork = dontFork;
        page.wipeOnFork = wipeOnFork;
        page.random = random;
        page.lock = lock;
        return page;
    }

    boolean isShared() {
        return object != null;
    }

    boolean isLocked() {
        return lock != Lock.NONE;
    }

    /** Whether the two, neighbours in this order, may belong to one mapping. */
    boolean mayGoOnIn(ModelPage next) {
        return prot == next.prot && noreserve == next.noreserve && object == next.object
                && dontFork == next.dontFork && wipeOnFork == next.wipeOnFork && random == next.random
                && lock == next.lock && (object == null || index + 1 == next.index);
    }

    // ---------------------------------------------------------------- rights

    /** The signal that a load or store raises, or null. */
    @Nullable
    String signal(boolean write) {
        if (write ? !prot.writable() : !prot.readable()) {
            return OpResult.SEGV_ACCERR;
        }
        if (guard) {
            return OpResult.SEGV_MAPERR;
        }
        return isBeyondObject() ? OpResult.BUS_ADRERR : null;
    }

    /** Whether FOLL_FORCE, which minds no protection but that of a shared mapping against writes, gets at the page. */
    boolean canBeForced(boolean write) {
        return !guard && !isBeyondObject() && (!write || prot.writable() || object == null);
    }

    boolean isBeyondObject() {
        return object != null && object.endsBefore(index);
    }

    // ---------------------------------------------------------------- contents

    Seen seen() {
        if (object != null) {
            return object.frame(index).seen();
        }
        if (frame == null) {
            return Seen.ZERO;
        }
        return new Seen(frame.value, frame.orZero || maybeZero, false);
    }

    /** A load, or a fault for one; the page that it finds, null for the zero page. */
    @Nullable
    ModelFrame look() {
        maybeSwapped = false;
        return object != null ? object.frame(index) : frame;
    }

    /** The page's frame, made the process's alone unless it is shared memory: what a write fault does. */
    ModelFrame own() {
        maybeSwapped = false;
        if (object != null) {
            return object.frame(index);
        }
        ModelFrame old = frame;
        if (old != null && old.reusable() && !maybeZero) {
            old.exclusive = true;
            return old;
        }
        ModelFrame made = ModelFrame.copyOf(seen());
        drop();
        frame = made;
        return made;
    }

    /** What a short pin for reading does: a page that others may write becomes the process's alone. */
    void unshare() {
        if (object == null && frame != null && !frame.exclusive) {
            own();
        }
        maybeSwapped = false;
    }

    void write(int value) {
        own().write(value);
    }

    /** Forgets what lies in a private page. */
    void drop() {
        if (frame != null) {
            frame.mappers--;
            frame = null;
        }
        maybeZero = false;
        maybeSwapped = false;
    }

    // ---------------------------------------------------------------- fork

    /** The page in the child, whose locks are gone. */
    ModelPage forked(boolean everPinned) {
        ModelPage copy = untouched(0);
        copy.lock = Lock.NONE;
        copy.cut = cut;
        if (wipeOnFork) {
            return copy;
        }
        copy.guard = guard;
        copy.maybeSwapped = maybeSwapped;
        if (frame != null) {
            shareWith(copy, frame, everPinned);
        }
        return copy;
    }

    private void shareWith(ModelPage copy, ModelFrame shared, boolean everPinned) {
        if (shared.exclusive && shared.pins > 0 && everPinned) {
            copy.frame = ModelFrame.copyOf(seen());
            return;
        }
        shared.exclusive = false;
        shared.mappers++;
        copy.frame = shared;
        copy.maybeZero = maybeZero;
    }
}
