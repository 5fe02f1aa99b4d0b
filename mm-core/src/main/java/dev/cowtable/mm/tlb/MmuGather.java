package dev.cowtable.mm.tlb;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.page.PageRefs;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmaArrays;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects what an unmapping frees, so that one flush comes before all of it is freed.
 *
 * <p>In the order of {@link #flush}: TLB flush, page references, the releases of detached shared tables, unlinked tables.
 *
 * <p>Mirrors: struct mmu_gather (include/asm-generic/tlb.h).
 * <p>Locks: owned by one operation on one CPU; flushed with no spin lock held.
 * <p>Flush: {@link #finish} settles the debt; nothing is freed before.
 */
public final class MmuGather {
    /** Pages held back at most; a PTE table's worth is always left free when {@link #mustFlush} is false. */
    private static final int CAPACITY = 8192;
    private static final int TABLE_PAGES = 512;
    /** Above all user addresses. */
    private static final long END_VADDR = 1L << 47;

    /** Work on a shared table that must wait for the flush. */
    @FunctionalInterface
    public interface DeferredRelease {
        /** Un-accounts the table's entries and drops the share. Must not allocate. */
        void release(Cpu cpu, MmuGather tlb);
    }

    private final Kernel kernel;
    private final MmStruct mm;
    private final FlushDebt debt;
    /** {@link PageRefs}. */
    private long[] pages = new long[64];
    private int pageCount;
    private final List<PtDesc> tables = new ArrayList<>();
    private final List<DeferredRelease> releases = new ArrayList<>();
    private VmAreaStruct[] detachedVmas = {};
    /** Until the end it counts as a flush that may be pending. */
    private boolean isOpen = true;

    /** Begins to gather: tlb_gather_mmu(). From now on others see that a flush of this mm may be pending. */
    public MmuGather(Kernel kernel, MmStruct mm) {
        this.kernel = kernel;
        this.mm = mm;
        this.debt = new FlushDebt(mm);
        mm.addTlbFlushPending(1);
    }

    public MmStruct mm() {
        return mm;
    }

    /** Names the VMAs that are unmapped and that the mm does not know any more, in address order. */
    public void setDetachedVmas(VmAreaStruct[] vmas) {
        detachedVmas = vmas;
    }

    /** The VMA through which what is being unmapped at an address was mapped. */
    public @Nullable VmAreaStruct vmaOf(long vaddr) {
        int at = VmaArrays.firstEndingAbove(detachedVmas, vaddr);
        boolean detached = at < detachedVmas.length && detachedVmas[at].contains(vaddr);
        return detached ? detachedVmas[at] : mm.vmaLookup(vaddr);
    }

    /** What the gathered changes owe. */
    public FlushDebt debt() {
        return debt;
    }

    /** True if the batch must be flushed before another table is cleared. */
    public boolean mustFlush() {
        return pageCount > CAPACITY - TABLE_PAGES;
    }

    /** Keeps one reference on a page until after the flush. */
    public void removePage(long pfn) {
        removePages(pfn, 1);
    }

    /**
     * Keeps references on a folio until after the flush, given any of its pages: __tlb_remove_folio_pages().
     *
     * @throws IllegalStateException if the batch is full: a table was cleared or un-counted without a look at {@link #mustFlush}
     */
    public void removePages(long pfn, int references) {
        if (pageCount == CAPACITY) {
            throw new IllegalStateException("a batch of " + CAPACITY + " pages overflows");
        }
        if (pageCount == pages.length) {
            pages = Arrays.copyOf(pages, Math.min(pageCount * 8, CAPACITY));
        }
        pages[pageCount++] = PageRefs.make(pfn, references);
    }

    /** Keeps an unlinked table until after a flush that reaches the paging-structure caches. */
    public void freeTable(PtDesc table, long vaddr) {
        debt.oweStructure(vaddr, vaddr + PageTables.PMD_BYTES);
        tables.add(table);
    }

    /** Does {@code release} after the flush. */
    public void afterFlush(DeferredRelease release) {
        releases.add(release);
    }

    /**
     * Flushes, then frees all that was gathered; the gather can be used on.
     *
     * <p>Mirrors: tlb_flush_mmu().
     */
    public void flush(Cpu cpu) {
        kernel.tlbFlush().settleIfOwed(cpu, debt);
        debt.requireSettled("gathered pages are freed");
        putPages(cpu);
        for (DeferredRelease release : releases) {
            release.release(cpu, this);
            putPages(cpu);
        }
        releases.clear();
        for (PtDesc table : tables) {
            kernel.pageTables().freeTablePage(cpu, table);
        }
        tables.clear();
    }

    /**
     * Drops the references on what was gathered: free_pages_and_swap_cache(). A page that only the swap cache wants leaves it; one that is
     * in an LRU batch lives on until that is drained.
     */
    private void putPages(Cpu cpu) {
        if (pageCount == 0) {
            return;
        }
        for (int i = 0; i < pageCount; i++) {
            long pfn = PageRefs.pfn(pages[i]);
            if (kernel.memMap().testFlag(pfn, PageFlags.SWAPCACHE)) {
                kernel.swap().freeSwapCache(cpu, pfn);
            }
        }
        kernel.putPages(cpu, pages, pageCount);
        pageCount = 0;
    }

    /** Ends the gather: tlb_finish_mmu(). */
    public void finish(Cpu cpu) {
        if (isOpen && isNested()) {
            debt.oweStructure(0, END_VADDR);
        }
        flush(cpu);
        if (isOpen) {
            isOpen = false;
            mm.addTlbFlushPending(-1);
        }
    }

    /**
     * True if another thread may have changed entries of this mm and not flushed them yet.
     *
     * <p>Mirrors: mm_tlb_flush_nested(). Why: what it has cleared was passed over here as if it had been empty, and must not be reached any
     * more when this operation returns.
     */
    private boolean isNested() {
        return mm.tlbFlushPending() > (debt.isOwed() ? 2 : 1);
    }
}
