package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;

/**
 * The single decisions on which the relaxed design's correctness rests, one method each: the list of what a port to C has to get right.
 *
 * <p>Why: a test plants a bug by overriding one of them, so that each is known to matter.
 */
public class RelaxedSteps {
    private final Kernel kernel;

    public RelaxedSteps(Kernel kernel) {
        this.kernel = kernel;
    }

    protected final Kernel kernel() {
        return kernel;
    }

    /**
     * May entries that lie in this VMA of the parent be seen by the child? Only if classic fork would copy them unchanged.
     *
     * @param i number of the VMA in the pass
     */
    protected boolean mayShareVma(ForkPass pass, int i) {
        VmAreaStruct src = pass.source(i);
        return pass.needsCopy(i) && !src.has(VmFlags.SHARED | VmFlags.PFNMAP | VmFlags.MIXEDMAP | VmFlags.UFFD_WP);
    }

    /**
     * May this present entry be shared, if the parent may have pinned pages? Not if its page is exclusive and may be pinned: the child
     * must get a copy of that.
     */
    protected boolean mayShareEntry(Cpu cpu, long pte) {
        return Pte.isSpecial(pte) || !kernel.rmap().isExclusiveAndMaybePinned(cpu, Pte.pfn(pte));
    }

    /**
     * Counts a present entry for the child and clears AnonExclusive.
     *
     * <p>Why: whether the page is pinned is not asked again. A pin that came after the look is one of GUP-fast, which takes no lock;
     * write_protect_seq makes it back off, so the look's verdict stands.
     */
    protected void accountPresent(Cpu cpu, EntryDup dup, long pte) {
        dup.dupPage(cpu, Pte.pfn(pte));
    }

    /** As {@link #accountPresent(Cpu, EntryDup, long)} for consecutive pages of one large folio, of which {@code pte} maps the first. */
    protected void accountPresent(Cpu cpu, EntryDup dup, long pte, int pages) {
        dup.dupPages(cpu, Pte.pfn(pte), pages);
    }

    /** What a shared table holds in place of a present entry. */
    protected long protectedEntry(long pte) {
        return pte & ~Entry.RW;
    }

    /**
     * Takes rights from the entry {@code pte} of a table that CPUs of the parent walk at this moment: atomic, and no other bit is written.
     *
     * <p>Why: a CPU that sets A or D in between would lose it; a page without its D may be dropped.
     */
    protected void takeRights(FramePort entries, int index, long pte, long lost) {
        entries.fetchAndAnd(index, ~lost);
    }

    /** May the table be shared? Only if each entry was counted; a swap count that could not grow fails the fork. */
    protected boolean mayShareAfterCounting(boolean allCounted) {
        return allCounted;
    }

    /** What a shared table holds in place of a non-present entry. */
    protected long protectedNonpresentEntry(long entry) {
        return SwpEntry.shareable(entry);
    }

    /** Ends a break: nothing of this mm may reach the old table any more when its share is dropped. */
    protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
        kernel.tlbFlush().settle(cpu, debt);
        debt.requireSettled("the share of a table is dropped");
        dropShare(cpu, table);
    }

    /** Gives one share back, and the table with the last. */
    protected final void dropShare(Cpu cpu, PtDesc table) {
        table.ptl().lock(cpu);
        boolean last = table.dropShare();
        table.ptl().unlock(cpu);
        if (last) {
            kernel.pageTables().freeTablePage(cpu, table);
        }
    }

    /** Takes a detached sharer's counts away, reading the table only, which begins at {@code vaddr}. */
    protected void uncount(Cpu cpu, MmuGather tlb, PtDesc table, long vaddr) {
        kernel.memoryMap().zap().uncountTable(cpu, tlb, table, vaddr);
    }

    /** May an entry be changed in place? Not while somebody breaks or detaches the table: it is not known then how many the entry counts for. */
    protected boolean mayEditInPlace(PtDesc table) {
        return table.isSettled();
    }

    /** How many an entry changed in place counts for. */
    protected int editWeight(PtDesc table) {
        return table.shareCount();
    }

    /** Flushes one page of every sharer: all of them had it, whoever's VMA the walk came through. */
    protected void flushSharers(Cpu cpu, PtDesc table, long vaddr) {
        for (int i = 0; i < table.sharerCount(); i++) {
            FlushDebt debt = new FlushDebt(table.sharer(i));
            debt.owe(vaddr, vaddr + 4096);
            kernel.tlbFlush().settle(cpu, debt);
        }
    }
}
