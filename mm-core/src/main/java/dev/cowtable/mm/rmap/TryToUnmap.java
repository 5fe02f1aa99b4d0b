package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Takes a page away from all who map it, leaving entries by which they find it again: a swap entry, nothing for a page of a file or a
 * lazily freed one, a hwpoison entry.
 *
 * <p>Under a design that shares tables each process is visited through its own VMA and its table is broken first; where there is no memory
 * for that the page stays mapped, which the caller sees by its mapcount. A design may allow to change the shared entry once for all sharers
 * instead ({@link EntryUsers}); the VMAs visited later find nothing to do then.
 *
 * <p>Mirrors: try_to_unmap() (mm/rmap.c).
 * <p>Locks: the folio lock and a reference are the caller's; takes an rmap lock and ptl.
 * <p>Flush: each entry is cleared and flushed on all CPUs of its mm, or of all its sharers, under ptl, before anything depends on it.
 */
public final class TryToUnmap {
    /** Unmap from locked VMAs too. */
    public static final int IGNORE_MLOCK = 1;
    /** Leave hwpoison entries. */
    public static final int HWPOISON = 2;

    private final Kernel kernel;
    private final MemMap memMap;
    private final PageVmaWalk walk;

    public TryToUnmap(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.walk = new PageVmaWalk(kernel);
    }

    /** Unmaps a page; that nobody maps it any more is to be asked of its mapcount. */
    public void tryToUnmap(Cpu cpu, long pfn, int flags) {
        kernel.rmap().walk(cpu, pfn,
                (vma, vaddr) -> unmapOne(cpu, pfn, vma, vaddr, flags) && memMap.mapcount(pfn) != 0);
    }

    /** False if the page is to be left alone, nothing changed. */
    private boolean unmapOne(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, int flags) {
        if (vma.has(VmFlags.LOCKED) && (flags & IGNORE_MLOCK) == 0) {
            return !restoreMlock(cpu, pfn, vma, vaddr);
        }
        vma.mm().notifiers().invalidateRangeStart(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        boolean goesOn = unmapNotified(cpu, pfn, vma, vaddr, flags);
        vma.mm().notifiers().invalidateRangeEnd(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        return goesOn;
    }

    private boolean unmapNotified(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, int flags) {
        PtDesc table = walk.lock(cpu, pfn, vma, vaddr, PageVmaWalk.Mode.REPLACE);
        if (table == null || table == PtDesc.NO_MEMORY) {
            return table == null;
        }
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        EntryUsers users = new EntryUsers(kernel, table, vma);
        long pte = users.clearFlush(cpu, vaddr, ptePaddr);
        if (Pte.isDirty(pte)) {
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        boolean unmapped = replace(cpu, pfn, users, ptePaddr, pte, flags);
        if (unmapped) {
            users.discard(cpu, pfn);
        } else {
            cpu.memory().write(ptePaddr, pte);
        }
        table.ptl().unlock(cpu);
        return unmapped;
    }

    /** True if the locked VMA maps the page: the mlock that was missed is made good. */
    private boolean restoreMlock(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr) {
        PtDesc table = walk.lock(cpu, pfn, vma, vaddr, PageVmaWalk.Mode.LOOK);
        if (table != null) {
            kernel.rmap().mlockVmaFolio(cpu, pfn, vma);
            table.ptl().unlock(cpu);
        }
        return table != null;
    }

    // ---------------------------------------------------------------- what comes in place of the entry

    private boolean replace(Cpu cpu, long pfn, EntryUsers users, long ptePaddr, long pte, int flags) {
        int pageFlags = memMap.flags(cpu, pfn);
        if ((pageFlags & PageFlags.HWPOISON) != 0 && (flags & HWPOISON) != 0) {
            users.addRss(kernel.rssKind(pfn), -1);
            cpu.memory().write(ptePaddr, SwpEntry.makeHwpoison(pfn));
            return true;
        }
        if ((pageFlags & PageFlags.ANON) == 0) {
            users.addRss(kernel.rssKind(pfn), -1);
            return true;
        }
        if (((pageFlags & PageFlags.SWAPBACKED) != 0) != ((pageFlags & PageFlags.SWAPCACHE) != 0)) {
            return false;
        }
        return (pageFlags & PageFlags.SWAPBACKED) != 0 ? swapOut(cpu, pfn, users, ptePaddr, pte, pageFlags)
                : dropLazyfree(cpu, pfn, users);
    }

    /**
     * A lazily freed page goes if nobody has written to it since and nobody else has a reference.
     *
     * <p>Why: the references are read before the dirty flag, as a device marks a page dirty before it drops its reference.
     */
    private boolean dropLazyfree(Cpu cpu, long pfn, EntryUsers users) {
        int references = memMap.pageRefCount(cpu, pfn);
        int mappings = memMap.mapcount(pfn);
        if ((memMap.flags(cpu, pfn) & PageFlags.DIRTY) != 0) {
            memMap.setFlag(cpu, pfn, PageFlags.SWAPBACKED);
            return false;
        }
        if (references != 1 + mappings) {
            return false;
        }
        users.addRss(Rss.ANONPAGES, -1);
        return true;
    }

    private boolean swapOut(Cpu cpu, long pfn, EntryUsers users, long ptePaddr, long pte, int pageFlags) {
        long entry = memMap.swap(pfn);
        if (!users.swapDuplicate(cpu, entry)) {
            return false;
        }
        boolean exclusive = (pageFlags & PageFlags.ANON_EXCLUSIVE) != 0;
        if (exclusive && !kernel.rmap().folioTryShareAnonRmap(cpu, pfn)) {
            users.swapFree(cpu, entry);
            return false;
        }
        users.addRss(Rss.ANONPAGES, -1);
        users.addRss(Rss.SWAPENTS, 1);
        cpu.memory().write(ptePaddr, entry | (exclusive ? SwpEntry.EXCLUSIVE : 0) | softwareBits(pte));
        return true;
    }

    private static long softwareBits(long pte) {
        return ((pte & Pte.UFFD_WP) != 0 ? SwpEntry.UFFD_WP : 0)
                | ((pte & Pte.SOFT_DIRTY) != 0 ? SwpEntry.SOFT_DIRTY : 0);
    }
}
