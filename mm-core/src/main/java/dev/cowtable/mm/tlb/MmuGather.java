package dev.cowtable.mm.tlb;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

    /** Work on a shared table that must wait for the flush. */
    @FunctionalInterface
    public interface DeferredRelease {
        /** Un-accounts the table's entries and drops the share. Must not allocate. */
        void release(Cpu cpu, MmuGather tlb);
    }

    private final Kernel kernel;
    private final MmStruct mm;
    private final FlushDebt debt;
    private long[] pages = new long[64];
    private int pageCount;
    private final List<PtDesc> tables = new ArrayList<>();
    private final List<DeferredRelease> releases = new ArrayList<>();

    public MmuGather(Kernel kernel, MmStruct mm) {
        this.kernel = kernel;
        this.mm = mm;
        this.debt = new FlushDebt(mm);
    }

    public MmStruct mm() {
        return mm;
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
        if (pageCount == pages.length) {
            pages = Arrays.copyOf(pages, pageCount * 2);
        }
        pages[pageCount++] = pfn;
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

    private void putPages(Cpu cpu) {
        for (int i = 0; i < pageCount; i++) {
            kernel.putPage(cpu, pages[i]);
        }
        pageCount = 0;
    }

    /** Ends the gather: tlb_finish_mmu(). */
    public void finish(Cpu cpu) {
        flush(cpu);
    }
}
