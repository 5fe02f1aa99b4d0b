package dev.cowtable.mm.vma;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.FreePgtables;
import dev.cowtable.mm.pgtable.HugePmd;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.stat.Counter;
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
    private final MemMap memMap;

    public Zap(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.freePgtables = new FreePgtables(pageTables);
        this.memMap = kernel.memMap();
    }

    /** A range in which every PTE table is freed by the operation: whole tables may be detached there. */
    public record WholeTables(long startVaddr, long endVaddr) {
        /** All tables of an address space. */
        public static final WholeTables ALL = new WholeTables(0, Long.MAX_VALUE);

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
        BreakResult first = whole.covers(start) ? BreakResult.OK : breakBlock(cpu, mm, start, intent);
        if (first == BreakResult.NOMEM) {
            return first;
        }
        return whole.covers(end - 1) ? BreakResult.OK : breakBlock(cpu, mm, end - 1, intent);
    }

    private BreakResult breakBlock(Cpu cpu, MmStruct mm, long vaddr, BreakIntent intent) {
        long block = vaddr & -PageTables.PMD_BYTES;
        return kernel.forkStrategy().breakTables(cpu, mm, block, block + PageTables.PMD_BYTES, intent);
    }

    /** Clears {@code [start, end)}, which lies in one VMA of the gather's mm. */
    void unmapPageRange(Cpu cpu, MmuGather tlb, long start, long end, WholeTables whole, boolean reclaimPt) {
        MmStruct mm = tlb.mm();
        long next;
        for (long at = pageTables.nextPopulatedPmd(cpu, mm, start, end); at < end; at = pageTables.nextPopulatedPmd(cpu,
                mm, next, end)) {
            next = Math.min((at & -PageTables.PMD_BYTES) + PageTables.PMD_BYTES, end);
            long pmdPaddr = pageTables.pmdOffset(cpu, mm, at);
            if (PageTables.isLeaf(cpu.memory().read(pmdPaddr))) {
                HugePmd.zap(kernel, cpu, tlb, pmdPaddr, at, next);
                continue;
            }
            zapPteRange(cpu, tlb, pmdPaddr, at, next, whole);
            if (reclaimPt && next - at == PageTables.PMD_BYTES) {
                freePgtables.tryToFreePte(cpu, tlb, mm, pmdPaddr, at);
            }
            if (tlb.mustFlush()) {
                tlb.flush(cpu);
            }
        }
    }

    private void zapPteRange(Cpu cpu, MmuGather tlb, long pmdPaddr, long start, long end, WholeTables whole) {
        PtDesc table = lockForZap(cpu, tlb, pmdPaddr, start, whole);
        if (table == null) {
            return;
        }
        Removal removed = new Removal(tlb);
        FramePort entries = cpu.memory().frame(table.pfn());
        int first = Paging.index(start, 1);
        for (int i = first; i < first + (int) ((end - start) >>> 12); i++) {
            if (entries.read(i) != Pte.NONE) {
                removed.entry(cpu, entries.exchange(i, Pte.NONE));
                removed.atomics++;
            }
        }
        if (removed.anyPresent) {
            tlb.debt().owe(start, end);
        }
        removed.finish(cpu);
        table.ptl().unlock(cpu);
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
     * Un-counts every entry of a table that stays as it is: what a sharer does when it detaches.
     *
     * <p>Locks: none needed while the caller holds a share in transit, as a table with more than one share does not change.
     * <p>Flush: after the detacher's flush only; page references go at once.
     */
    public void uncountTable(Cpu cpu, MmuGather tlb, PtDesc table) {
        Removal removed = new Removal(tlb);
        FramePort entries = cpu.memory().frame(table.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = entries.read(i);
            if (pte != Pte.NONE) {
                removed.entry(cpu, pte);
            }
        }
        removed.finish(cpu);
    }

    /** The sums of what one table's entries take away. */
    private final class Removal {
        private final MmuGather tlb;
        private final long[] rss = new long[Rss.values().length];
        private boolean anyPresent;
        /** Atomic operations on counts and entries. */
        private long atomics;

        Removal(MmuGather tlb) {
            this.tlb = tlb;
        }

        void entry(Cpu cpu, long pte) {
            if (!Pte.isPresent(pte)) {
                kernel.swapMap().free(cpu, SwpEntry.offset(pte));
                rss[Rss.SWAPENTS.ordinal()]--;
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
            kernel.rmap().folioRemoveRmap(cpu, pfn);
            tlb.removePage(pfn);
            atomics += 2;
        }

        void finish(Cpu cpu) {
            kernel.counters().add(cpu.id(), Counter.ATOMIC, atomics);
            for (Rss kind : Rss.values()) {
                tlb.mm().addRss(kind, rss[kind.ordinal()]);
            }
        }
    }
}
