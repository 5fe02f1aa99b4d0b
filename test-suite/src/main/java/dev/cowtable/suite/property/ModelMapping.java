package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.OpResult;
import dev.cowtable.suite.litmus.PageRange;
import dev.cowtable.suite.litmus.Prot;

/** mmap, munmap, mprotect, mlock, munlock and mincore in the model. */
final class ModelMapping {
    private static final String ENOMEM = "ENOMEM";

    private ModelMapping() {}

    static String map(ModelProcess process, Op.Mmap op) {
        if (op.options().file() != null) {
            throw new UnsupportedOperationException("files");
        }
        process.map(op.range(), op.options());
        return OpResult.OK;
    }

    static String unmap(ModelProcess process, PageRange range) {
        process.unmap(range.vaddr(), range.endVaddr());
        return OpResult.OK;
    }

    /** A locked private mapping that becomes writable is populated anew, for writing. */
    static String protect(ModelProcess process, PageRange range, Prot prot) {
        boolean populates = false;
        boolean whole = true;
        for (long vaddr = range.vaddr(); vaddr < range.endVaddr() && whole; vaddr += AreaLayout.PAGE_BYTES) {
            ModelPage page = process.page(vaddr);
            whole = page != null;
            if (page != null) {
                boolean opens = page.lock == ModelPage.Lock.LOCKED && !page.isShared() && !page.prot.writable();
                populates = opens && prot.writable() && (populates || page.cut || vaddr == range.vaddr());
                page.prot = prot;
                populates = populates && process.populate(vaddr, vaddr + AreaLayout.PAGE_BYTES);
            }
        }
        process.cut(range.vaddr(), range.endVaddr());
        return result(whole);
    }

    static String lock(ModelProcess process, Op.Mlock op) {
        ModelPage.Lock lock = op.onfault() ? ModelPage.Lock.ON_FAULT : ModelPage.Lock.LOCKED;
        PageRange range = op.range();
        boolean whole = setLock(process, range, lock);
        return result(whole && process.populate(range.vaddr(), range.endVaddr()));
    }

    static String unlock(ModelProcess process, PageRange range) {
        return result(setLock(process, range, ModelPage.Lock.NONE));
    }

    private static boolean setLock(ModelProcess process, PageRange range, ModelPage.Lock lock) {
        boolean whole = process.forAllUntilHole(range, page -> page.lock = lock);
        process.cut(range.vaddr(), range.endVaddr());
        return whole;
    }

    static Prediction residency(ModelProcess process, PageRange range) {
        return process.forAllUntilHole(range, _ -> {}) ? new Prediction.Residency(range.pages())
                : new Prediction.Exactly(ENOMEM);
    }

    private static String result(boolean whole) {
        return whole ? OpResult.OK : ENOMEM;
    }
}
