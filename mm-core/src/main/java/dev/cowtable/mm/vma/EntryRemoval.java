package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.FolioPteBatch;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import org.jspecify.annotations.Nullable;

/**
 * Un-counts the entries of one table that an unmapping takes away: rmap, swap slots and the sums of RSS; the pages go to the gather.
 *
 * <p>Mirrors: zap_present_ptes(), zap_nonpresent_ptes() (mm/memory.c).
 * <p>Locks: ptl of the table, or a share in transit of one that is detached.
 */
final class EntryRemoval {
    private final Kernel kernel;
    private final MemMap memMap;
    private final MmuGather tlb;
    private final long[] rss = new long[Rss.values().length];
    private final boolean munlocks;
    private @Nullable VmAreaStruct vma;
    private boolean anyPresent;
    private final boolean anyLarge;
    private final boolean batches;
    private final FolioPteBatch batch = new FolioPteBatch();
    /** Atomic operations on counts and entries. */
    private long atomics;

    /** Begins a table; without {@code munlocks} the locked VMAs have given up its pages already. */
    EntryRemoval(Kernel kernel, MmuGather tlb, boolean munlocks) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.tlb = tlb;
        this.munlocks = munlocks;
        this.anyLarge = memMap.anyLarge();
        this.batches = anyLarge && kernel.forkStrategy().batchesFolios();
    }

    /** Un-counts an entry, or consecutive ones of one large folio of which {@code pte} is the first. */
    void entries(Cpu cpu, long vaddr, long pte, int n) {
        if (n == 1) {
            entry(cpu, vaddr, pte);
        } else {
            batch(cpu, vaddr, pte, n);
        }
    }

    private void entry(Cpu cpu, long vaddr, long pte) {
        if (!Pte.isPresent(pte)) {
            nonpresent(cpu, pte);
            return;
        }
        anyPresent = true;
        if (Pte.isSpecial(pte)) {
            return;
        }
        long pfn = Pte.pfn(pte);
        Rss kind = kernel.rssKind(pfn);
        rss[kind.ordinal()]--;
        if (kind != Rss.ANONPAGES && Pte.isDirty(pte)) {
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        removeRmap(cpu, vaddr, pfn);
        tlb.removePage(pfn);
        atomics += anyLarge && memMap.isLarge(pfn) ? 3 : 2;
    }

    /**
     * Un-counts consecutive pages of one large anonymous folio, the first at {@code vaddr} and named by {@code pte}.
     *
     * <p>Mirrors: zap_present_folio_ptes().
     */
    private void batch(Cpu cpu, long vaddr, long pte, int pages) {
        anyPresent = true;
        long pfn = Pte.pfn(pte);
        rss[Rss.ANONPAGES.ordinal()] -= pages;
        lookUpVma(vaddr);
        kernel.rmap().folioRemoveRmaps(cpu, pfn, pages, tlb.mm(), vma);
        tlb.removePages(pfn, pages);
        atomics += pages + 2;
    }

    private void lookUpVma(long vaddr) {
        if (munlocks && (vma == null || !vma.contains(vaddr))) {
            vma = tlb.vmaOf(vaddr);
        }
    }

    /** The page loses this mapping, and the mlock of its VMA unless that was taken before. */
    private void removeRmap(Cpu cpu, long vaddr, long pfn) {
        lookUpVma(vaddr);
        if (vma != null) {
            kernel.rmap().folioRemoveRmap(cpu, pfn, vma);
        } else {
            kernel.rmap().folioRemoveRmap(cpu, pfn, tlb.mm());
        }
    }

    /** A migration entry holds neither reference nor mapping; markers and poisoned pages are counted nowhere. */
    private void nonpresent(Cpu cpu, long entry) {
        if (SwpEntry.isSlot(entry)) {
            kernel.swap().freeSwapAndCache(cpu, entry);
            rss[Rss.SWAPENTS.ordinal()]--;
        } else if (SwpEntry.isMigration(entry)) {
            rss[kernel.rssKind(SwpEntry.pfn(entry)).ordinal()]--;
        }
    }

    /** True if a page was among them: translations of the range are to be flushed. */
    boolean anyPresent() {
        return anyPresent;
    }

    /** An entry was cleared by an atomic operation. */
    void countAtomic() {
        atomics++;
    }

    /** How many entries can be un-counted together with one: those of the same folio after it, if the design counts so. */
    int batchLength(FramePort entries, int index, long pte, int max) {
        return batches ? scanBatch(entries, index, pte, max) : 1;
    }

    private int scanBatch(FramePort entries, int index, long pte, int max) {
        if (!Pte.isPresent(pte) || Pte.isSpecial(pte) || !memMap.isLarge(Pte.pfn(pte))) {
            return 1;
        }
        batch.scan(entries, index, pte, memMap.largeFolio(Pte.pfn(pte)), max, FolioPteBatch.IGNORE_DIRTY);
        return batch.length();
    }

    /** Adds the sums to the address space and to the cost counters. */
    void finish(Cpu cpu) {
        kernel.counters().add(cpu.id(), Counter.ATOMIC, atomics);
        for (Rss kind : Rss.values()) {
            tlb.mm().addRss(kind, rss[kind.ordinal()]);
        }
    }
}
