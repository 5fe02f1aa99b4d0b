package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.FreePgtables;
import dev.cowtable.mm.pgtable.HugePmd;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import org.jspecify.annotations.Nullable;

/**
 * Clears the entries of a range and un-counts what they named.
 *
 * <p>A shared table is detached where the table itself goes with all its entries, and broken first where it stays.
 *
 * <p>Mirrors: unmap_page_range(), zap_pte_range() (mm/memory.c).
 * <p>Locks: mmap_lock or the VMA's lock for reading at least; takes ptl.
 * <p>Flush: owed by the gather; pages are released by it after the flush.
 */
public final class Zap {
    private final Kernel kernel;
    private final PageTables pageTables;
    private final FreePgtables freePgtables;

    public Zap(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.freePgtables = new FreePgtables(pageTables);
    }

    /** A range in which every PTE table is freed by the operation: whole tables may be detached there. */
    public record WholeTables(long startVaddr, long endVaddr) {
        /** All tables of an address space. */
        public static final WholeTables ALL = new WholeTables(0, Long.MAX_VALUE);
        /** No table goes as a whole. */
        static final WholeTables NONE = new WholeTables(0, 0);

        boolean covers(long vaddr) {
            long block = vaddr & -PageTables.PMD_BYTES;
            return block >= startVaddr && block + PageTables.PMD_BYTES <= endVaddr;
        }
    }

    /**
     * Makes sure that no table must be copied when {@code [start, end)} is zapped: breaks the shared ones at the edges.
     *
     * <p>Why: an unmapping that needs memory must fail before it changes anything.
     */
    BreakResult prepare(Cpu cpu, MmStruct mm, long start, long end, WholeTables whole, BreakIntent intent) {
        if (whole == WholeTables.NONE) {
            return kernel.forkStrategy().breakTables(cpu, mm, start, end, intent);
        }
        BreakResult first = whole.covers(start) ? BreakResult.OK : breakBlock(cpu, mm, start, intent);
        if (first == BreakResult.NOMEM) {
            return first;
        }
        return whole.covers(end - 1) ? BreakResult.OK : breakBlock(cpu, mm, end - 1, intent);
    }

    /**
     * Where in a range whole tables may be detached although guard markers stay: nowhere if a shared table holds one, and the tables
     * are broken then.
     *
     * <p>Why: a detached table takes all its entries along.
     */
    WholeTables wholeUnlessGuarded(Cpu cpu, MmStruct mm, long start, long end) {
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end; at = pageTables.nextPopulatedPmd(cpu,
                mm, next, end)) {
            next = (at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES;
            PtDesc table = pageTables.lockTable(cpu, pageTables.pmdOffset(cpu, mm, at));
            if (table != null) {
                boolean guarded = table.isShared() && holdsGuard(cpu, table);
                table.ptl().unlock(cpu);
                if (guarded) {
                    return WholeTables.NONE;
                }
            }
        }
        return new WholeTables(start, end);
    }

    private static boolean holdsGuard(Cpu cpu, PtDesc table) {
        FramePort entries = cpu.memory().frame(table.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            if (SwpEntry.isGuard(entries.read(i))) {
                return true;
            }
        }
        return false;
    }

    private BreakResult breakBlock(Cpu cpu, MmStruct mm, long vaddr, BreakIntent intent) {
        long block = vaddr & -PageTables.PMD_BYTES;
        return kernel.forkStrategy().breakTables(cpu, mm, block, block + PageTables.PMD_BYTES, intent);
    }

    /** What becomes of what an unmapping meets: struct zap_details. */
    enum Details {
        /** The mapping goes, guard markers with it: munmap, exit. */
        DROP_MARKERS(false, false),
        /** The mapping stays: guard markers survive, empty tables are freed (MADV_DONTNEED). */
        RECLAIM_PT(true, true),
        /** As {@link #RECLAIM_PT}, without freeing tables. */
        KEEP_MARKERS(true, false);

        private final boolean keepsMarkers;
        private final boolean reclaimsTables;

        Details(boolean keepsMarkers, boolean reclaimsTables) {
            this.keepsMarkers = keepsMarkers;
            this.reclaimsTables = reclaimsTables;
        }

        private boolean keeps(long pte) {
            return keepsMarkers && SwpEntry.isGuard(pte);
        }
    }

    /** Clears {@code [start, end)}, which lies in one VMA of the gather's mm. */
    void unmapPageRange(Cpu cpu, MmuGather tlb, long start, long end, WholeTables whole, Details details) {
        MmStruct mm = tlb.mm();
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end; at = pageTables.nextPopulatedPmd(cpu,
                mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            long pmdPaddr = pageTables.pmdOffset(cpu, mm, at);
            if (PageTables.isLeaf(cpu.memory().read(pmdPaddr))) {
                HugePmd.zap(kernel, cpu, tlb, pmdPaddr, at, next);
            } else {
                zapPteRange(cpu, tlb, pmdPaddr, at, next, whole, details);
                if (details.reclaimsTables && next - at == PageTables.PMD_BYTES) {
                    freePgtables.tryToFreePte(cpu, tlb, mm, pmdPaddr, at);
                }
            }
            if (tlb.mustFlush()) {
                tlb.flush(cpu);
            }
        }
    }

    private void zapPteRange(Cpu cpu, MmuGather tlb, long pmdPaddr, long start, long end, WholeTables whole,
            Details details) {
        PtDesc table = lockForZap(cpu, tlb, pmdPaddr, start, whole);
        if (table == null) {
            return;
        }
        EntryRemoval removed = new EntryRemoval(kernel, tlb, true);
        FramePort entries = cpu.memory().frame(table.pfn());
        int first = Paging.index(start, 1);
        int last = first + (int) ((end - start) >>> 12);
        int batch;
        for (int i = first; i < last; i += batch) {
            long seen = entries.read(i);
            batch = 1;
            if (seen != Pte.NONE && !details.keeps(seen)) {
                batch = removed.batchLength(entries, i, seen, last - i);
                removed.entries(cpu, start + (i - first) * 4096L, clear(removed, entries, i, batch), batch);
            }
        }
        if (removed.anyPresent()) {
            tlb.debt().owe(start, end);
        }
        removed.finish(cpu);
        table.ptl().unlock(cpu);
    }

    /** Clears entries and returns the first as it was. */
    private static long clear(EntryRemoval removed, FramePort entries, int index, int n) {
        long pte = entries.exchange(index, Pte.NONE);
        removed.countAtomic();
        for (int i = 1; i < n; i++) {
            entries.exchange(index + i, Pte.NONE);
            removed.countAtomic();
        }
        return pte;
    }

    private @Nullable PtDesc lockForZap(Cpu cpu, MmuGather tlb, long pmdPaddr, long vaddr, WholeTables whole) {
        while (true) {
            PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
            if (table == null || !table.isShared()) {
                return table;
            }
            table.ptl().unlock(cpu);
            if (whole.covers(vaddr)) {
                if (kernel.forkStrategy().detachTable(cpu, tlb, tlb.mm(), pmdPaddr, vaddr & -PageTables.PMD_BYTES)) {
                    return null;
                }
            } else if (breakBlock(cpu, tlb.mm(), vaddr, BreakIntent.UNMAP) == BreakResult.NOMEM) {
                throw new IllegalStateException(
                        "a table at 0x" + Long.toHexString(vaddr) + " became shared during its unmapping");
            }
        }
    }

    /**
     * Takes the mlock of locked VMAs from the pages of a table that a sharer detaches from, as clearing its entries would.
     *
     * <p>Why: before the flush, so that the pages enter the mlock batch in the order of their addresses, detached or not.
     */
    public void munlockTable(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
        FramePort entries = cpu.memory().frame(table.pfn());
        @Nullable VmAreaStruct vma = null;
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long at = vaddr + i * 4096L;
            vma = vma != null && vma.contains(at) ? vma : tlb.vmaOf(at);
            long pte = vma != null && vma.has(VmFlags.LOCKED) ? entries.read(i) : Pte.NONE;
            if (Pte.isPresent(pte) && !Pte.isSpecial(pte)) {
                kernel.lru().munlockFolio(cpu, Pte.pfn(pte));
            }
        }
    }

    /**
     * Un-counts every entry of a table that stays as it is: what a sharer does when it detaches, after {@link #munlockTable}. The table
     * begins at {@code vaddr}.
     *
     * <p>Locks: none needed while the caller holds a share in transit, as a table with more than one share does not change.
     * <p>Flush: after the detacher's flush only; page references go at once.
     */
    public void uncountTable(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
        EntryRemoval removed = new EntryRemoval(kernel, tlb, false);
        FramePort entries = cpu.memory().frame(table.pfn());
        int batch;
        for (int i = 0; i < Paging.ENTRIES; i += batch) {
            long pte = entries.read(i);
            batch = removed.batchLength(entries, i, pte, Paging.ENTRIES - i);
            if (pte != Pte.NONE) {
                removed.entries(cpu, vaddr + i * 4096L, pte, batch);
            }
        }
        removed.finish(cpu);
    }
}
