package dev.cowtable.gup.linux;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Taking and dropping what FOLL_GET and FOLL_PIN stand for, and the rule when a page must be made exclusive first.
 *
 * <p>A pin of a page of a large folio is one reference on the folio and one in its count of pins.
 *
 * <p>Mirrors: try_grab_folio(), gup_put_folio(), gup_must_unshare() (mm/gup.c, mm/internal.h).
 * <p>Differs: the zero page takes no reference by FOLL_GET either, as it is never freed.
 */
final class PageGrab {
    private final Kernel kernel;
    private final MemMap memMap;

    PageGrab(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
    }

    /** References that one page takes under these flags; none if the caller wants it faulted in and no more. */
    private static int references(int follFlags) {
        return (follFlags & FollFlags.PIN) != 0 ? MemMap.PIN_BIAS : (follFlags & FollFlags.GET) != 0 ? 1 : 0;
    }

    private int references(long pfn, int follFlags) {
        return Math.min(references(follFlags), memMap.isLarge(pfn) ? 1 : MemMap.PIN_BIAS);
    }

    private void addPins(Cpu cpu, long pfn, int follFlags, int n) {
        if ((follFlags & FollFlags.PIN) != 0 && memMap.isLarge(pfn)) {
            memMap.largeFolio(pfn).addPins(cpu, n);
        }
    }

    /** Takes a reference or pin on a page that the caller knows to be in use. */
    void grab(Cpu cpu, long pfn, int follFlags) {
        if (pfn != kernel.zeroPfn() && references(follFlags) != 0) {
            memMap.pageRefAdd(cpu, pfn, references(pfn, follFlags));
            addPins(cpu, pfn, follFlags, 1);
        }
    }

    /** Marks a page used, and dirty if its user will write to it: what FOLL_TOUCH asks for. */
    void touch(Cpu cpu, long pfn, boolean dirties) {
        if (pfn == kernel.zeroPfn()) {
            return;
        }
        if (dirties && (memMap.flags(cpu, pfn) & PageFlags.DIRTY) == 0) {
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        kernel.lru().folioMarkAccessed(cpu, pfn);
    }

    /** Marks a page used once, as the lockless walk does. */
    void setReferenced(Cpu cpu, long pfn) {
        if (pfn != kernel.zeroPfn() && (memMap.flags(pfn) & PageFlags.REFERENCED) == 0) {
            memMap.setFlag(cpu, pfn, PageFlags.REFERENCED);
        }
    }

    /** True if the lockless walk may take the page: not a page-cache page of a file system for a long-term write pin. */
    boolean fastAllowed(Cpu cpu, long pfn, int follFlags) {
        int writePin = FollFlags.PIN | FollFlags.LONGTERM | FollFlags.WRITE;
        return (follFlags & writePin) != writePin || (memMap.flags(cpu, pfn) & PageFlags.FILE) == 0;
    }

    /**
     * Takes a reference or pin unless the page is free: try_grab_folio_fast().
     *
     * <p>Why the folio is looked for again: until there is a reference the page may be freed and become part of another one.
     */
    boolean tryGrab(Cpu cpu, long pfn, int follFlags) {
        if (pfn == kernel.zeroPfn()) {
            return true;
        }
        int order = memMap.folioOrder(pfn);
        int references = references(pfn, follFlags);
        if (!memMap.pageRefAddUnlessZero(cpu, pfn, references)) {
            return false;
        }
        if (memMap.folioOrder(pfn) != order) {
            kernel.putPages(cpu, pfn, references);
            return false;
        }
        addPins(cpu, pfn, follFlags, 1);
        return true;
    }

    void release(Cpu cpu, long pfn, int follFlags) {
        if (pfn != kernel.zeroPfn()) {
            addPins(cpu, pfn, follFlags, -1);
            kernel.putPages(cpu, pfn, references(pfn, follFlags));
        }
    }

    /**
     * True if a page found through a read-only entry must be made exclusive before it is pinned.
     *
     * @param vmaKnown false in the lockless walk, which leaves doubtful pages to the slow one
     * @param cowMapping whether the VMA is one, if known
     */
    boolean mustUnshare(Cpu cpu, long pfn, int follFlags, boolean vmaKnown, boolean cowMapping) {
        if ((follFlags & (FollFlags.PIN | FollFlags.WRITE)) != FollFlags.PIN) {
            return false;
        }
        int flags = memMap.flags(cpu, pfn);
        if ((flags & PageFlags.ANON) != 0) {
            return (flags & PageFlags.ANON_EXCLUSIVE) == 0;
        }
        return (follFlags & FollFlags.LONGTERM) != 0 && (!vmaKnown || cowMapping);
    }
}
