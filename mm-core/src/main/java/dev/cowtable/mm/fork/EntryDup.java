package dev.cowtable.mm.fork;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * The counting that fork does for one entry that a child gets as well, and its exact reverse.
 *
 * <p>RSS is summed up here and added to the child once a table. Order within an entry: refcount, then rmap with AnonExclusive cleared.
 *
 * <p>Mirrors: the counting halves of copy_present_ptes() and copy_nonpresent_pte() (mm/memory.c).
 * <p>Locks: ptl of the parent's table.
 */
public final class EntryDup {
    private final Kernel kernel;
    private final MemMap memMap;
    private final boolean mayHavePins;
    private long anon;
    private long file;
    private long shmem;
    private long swap;
    /** Atomic operations on counts and entries. */
    private long atomics;

    /** Begins a table: that the parent has pinned no page is looked at once, as a pin that comes later meets write_protect_seq. */
    public EntryDup(Kernel kernel, Cpu cpu, MmStruct parent) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.mayHavePins = parent.hasPinned(cpu);
    }

    /** Counts a normal page once more; false, with nothing changed, if the child must get a copy because the page may be pinned. */
    public boolean tryDupPage(Cpu cpu, long pfn) {
        if (mayHavePins && kernel.rmap().isExclusiveAndMaybePinned(cpu, pfn)) {
            return false;
        }
        dupPage(cpu, pfn);
        return true;
    }

    /** Counts a normal page once more whether it is pinned or not, for who has looked already under the same hold of ptl. */
    public void dupPage(Cpu cpu, long pfn) {
        int flags = memMap.dupMapping(cpu, pfn);
        count(flags, 1);
        atomics += (flags & PageFlags.ANON_EXCLUSIVE) != 0 ? 3 : 2;
    }

    private void count(int flags, int n) {
        if ((flags & PageFlags.ANON) != 0) {
            anon += n;
        } else if ((flags & PageFlags.SHMEM) != 0) {
            shmem += n;
        } else {
            file += n;
        }
    }

    /** A page that only the child maps: the early copy of a pinned one. */
    void addOwnPage() {
        anon++;
    }

    /**
     * Counts a non-present entry once more; false, with nothing changed, if the count needs memory that is not there. What both tables
     * hold from then on is {@link SwpEntry#shareable}.
     *
     * <p>A migration entry holds no reference and no mapping: only RSS counts it. Markers and poisoned pages are not counted.
     */
    public boolean tryDupNonpresent(Cpu cpu, long entry) {
        if (SwpEntry.isSlot(entry)) {
            if (!kernel.swap().swapDuplicate(cpu, entry)) {
                return false;
            }
            swap++;
        } else if (SwpEntry.isMigration(entry)) {
            count(memMap.flags(SwpEntry.pfn(entry)), 1);
        }
        return true;
    }

    /** Takes back {@link #tryDupPage}; AnonExclusive stays cleared, which is safe. Needs no memory. */
    public void undoPage(Cpu cpu, long pfn) {
        kernel.rmap().folioRemoveRmap(cpu, pfn);
        count(memMap.flags(pfn), -1);
        kernel.putPage(cpu, pfn);
    }

    /** Takes back {@link #tryDupNonpresent}. Needs no memory. */
    public void undoNonpresent(Cpu cpu, long entry) {
        if (SwpEntry.isSlot(entry)) {
            kernel.swap().swapFree(cpu, entry);
            swap--;
        } else if (SwpEntry.isMigration(entry)) {
            count(memMap.flags(SwpEntry.pfn(entry)), -1);
        }
    }

    /** An entry of the parent was write-protected by an atomic operation. */
    public void countWrprotect() {
        atomics++;
    }

    /** Adds the sums to the child, add_mm_rss_vec(), and to the cost counters. */
    public void addSumsTo(Cpu cpu, MmStruct child) {
        kernel.counters().add(cpu.id(), Counter.ATOMIC, atomics);
        atomics = 0;
        child.addRss(Rss.ANONPAGES, anon);
        child.addRss(Rss.FILEPAGES, file);
        child.addRss(Rss.SHMEMPAGES, shmem);
        child.addRss(Rss.SWAPENTS, swap);
        anon = 0;
        file = 0;
        shmem = 0;
        swap = 0;
    }
}
