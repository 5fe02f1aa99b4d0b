package dev.cowtable.mm.fork;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.FolioPteBatch;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import org.jspecify.annotations.Nullable;

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
    /** Whose mappings of large folios are counted. */
    private final @Nullable MmStruct child;
    private long anon;
    private long file;
    private long shmem;
    private long swap;
    /** Atomic operations on counts and entries. */
    private long atomics;
    private long batches;
    private final FolioPteBatch batch = new FolioPteBatch();
    private final boolean anyLarge;

    /** Begins a table whose copies are not known to be one address space's: a large folio counts as shared from then on. */
    public EntryDup(Kernel kernel, Cpu cpu, MmStruct parent) {
        this(kernel, cpu, parent, null);
    }

    /** Begins a table: that the parent has pinned no page is looked at once, as a pin that comes later meets write_protect_seq. */
    public EntryDup(Kernel kernel, Cpu cpu, MmStruct parent, @Nullable MmStruct child) {
        this.child = child;
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.anyLarge = memMap.anyLarge();
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
        batches++;
        if ((flags & PageFlags.ORDER) != 0) {
            addLargeMappings(cpu, pfn, 1);
        }
    }

    /**
     * Counts consecutive pages of one large folio once more; false, with nothing changed, if the child must get a copy of one of them.
     *
     * <p>Mirrors: folio_ref_add() and folio_try_dup_anon_rmap_ptes().
     */
    public boolean tryDupPages(Cpu cpu, long pfn, int n) {
        if (mayHavePins && memMap.folioMaybeDmaPinned(cpu, pfn) && anyExclusive(cpu, pfn, n)) {
            return false;
        }
        dupPages(cpu, pfn, n);
        return true;
    }

    private boolean anyExclusive(Cpu cpu, long pfn, int n) {
        for (int i = 0; i < n; i++) {
            if ((memMap.flags(cpu, pfn + i) & PageFlags.ANON_EXCLUSIVE) != 0) {
                return true;
            }
        }
        return false;
    }

    /** As {@link #dupPage} for consecutive pages of one large folio: one operation for all references, one for the sum of mappings. */
    public void dupPages(Cpu cpu, long pfn, int n) {
        int exclusive = memMap.dupMappings(cpu, pfn, n);
        count(memMap.flags(pfn), n);
        atomics += 1 + n + exclusive;
        batches++;
        addLargeMappings(cpu, pfn, n);
    }

    /** True if an entry maps a page of a large folio. */
    public boolean isLarge(long pte) {
        return anyLarge && Pte.isPresent(pte) && !Pte.isSpecial(pte) && memMap.isLarge(Pte.pfn(pte));
    }

    /** The entries from one of a large folio on that can be counted together: they are the same but for A, R/W and ignored bits. */
    public FolioPteBatch batch(FramePort entries, int index, long pte, int max, long ignored) {
        batch.scan(entries, index, pte, memMap.largeFolio(Pte.pfn(pte)), max, ignored);
        return batch;
    }

    private void addLargeMappings(Cpu cpu, long pfn, int n) {
        memMap.largeFolio(pfn).addMappings(cpu, child == null ? LargeFolio.NOBODY : child.id(), n);
        atomics++;
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
        kernel.rmap().folioRemoveRmap(cpu, pfn, child);
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

    /** As {@link #countWrprotect()} for several entries: wrprotect_ptes() takes them one by one on x86. */
    public void countWrprotect(int n) {
        atomics += n;
    }

    /** Adds the sums to the child, add_mm_rss_vec(), and to the cost counters. */
    public void addSumsTo(Cpu cpu, MmStruct child) {
        kernel.counters().add(cpu.id(), Counter.ATOMIC, atomics);
        kernel.counters().add(cpu.id(), Counter.FORK_BATCH, batches);
        atomics = 0;
        batches = 0;
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
