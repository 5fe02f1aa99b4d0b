package dev.cowtable.mm.memfail;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.pgtable.UnsettledTable;
import dev.cowtable.mm.rmap.PageVmaWalk;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Takes a broken frame away from all who map it, leaving entries that kill on access.
 *
 * <p>This may not fail for want of memory: in a shared table the entry is changed in place for all its sharers, and the frame un-counted
 * once for each. A pin does not keep the entries.
 *
 * <p>Mirrors: try_to_unmap() with TTU_HWPOISON | TTU_IGNORE_MLOCK (mm/rmap.c).
 * <p>Locks: the folio lock is held; takes an rmap lock for reading and ptl.
 * <p>Flush: all CPUs of all sharers at once, under ptl, before the frame loses the mappings.
 */
final class PoisonEntries {
    private final Kernel kernel;
    private final MemMap memMap;
    private final PageVmaWalk pageVmaWalk;

    PoisonEntries(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.pageVmaWalk = new PageVmaWalk(kernel);
    }

    /** Poisons every entry that maps the frame, on which the caller holds a reference. */
    void unmap(Cpu cpu, long pfn) {
        @Nullable PtDesc[] unsettled = new PtDesc[1];
        do {
            PtDesc waitedFor = unsettled[0];
            if (waitedFor != null) {
                cpu.await(new UnsettledTable(waitedFor));
                unsettled[0] = null;
            }
            kernel.rmap().walk(cpu, pfn, (vma, vaddr) -> {
                unsettled[0] = unmapOne(cpu, pfn, vma, vaddr);
                return unsettled[0] == null;
            });
        } while (unsettled[0] != null);
    }

    /** The table that must settle first, or null if there is nothing left to do in this VMA. */
    private @Nullable PtDesc unmapOne(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr) {
        vma.mm().notifiers().invalidateRangeStart(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        PtDesc table = pageVmaWalk.lock(cpu, pfn, vma, vaddr, PageVmaWalk.Mode.LOOK);
        PtDesc unsettled = null;
        if (table != null) {
            if (table.isShared() && !table.isSettled()) {
                unsettled = table;
            } else {
                poison(cpu, pfn, vma, vaddr, table);
            }
            table.ptl().unlock(cpu);
        }
        vma.mm().notifiers().invalidateRangeEnd(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        return unsettled;
    }

    private void poison(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, PtDesc table) {
        long ptePaddr = PageTables.ptePaddr(table, vaddr);
        long pte = cpu.memory().exchange(ptePaddr, SwpEntry.makeHwpoison(pfn));
        if (Pte.isDirty(pte)) {
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        if (!table.isShared()) {
            drop(cpu, pfn, vma.mm(), vma, vaddr, kernel.tlbFlush().pteAccessible(vma.mm(), pte));
            return;
        }
        for (int i = 0; i < kernel.forkStrategy().editWeight(table); i++) {
            MmStruct mm = table.sharer(i);
            drop(cpu, pfn, mm, mm.vmaLookup(vaddr), vaddr, kernel.tlbFlush().pteAccessible(mm, pte));
        }
        table.editedInPlace();
        kernel.counters().add(cpu.id(), Counter.TABLE_EDITED, 1);
    }

    /** One process less maps the frame. One that is unmapping the range just now has no VMA there any more, and nothing is locked for it. */
    private void drop(Cpu cpu, long pfn, MmStruct mm, @Nullable VmAreaStruct vma, long vaddr, boolean accessible) {
        FlushDebt debt = new FlushDebt(mm);
        if (accessible) {
            debt.owe(vaddr, vaddr + 4096);
            kernel.tlbFlush().settle(cpu, debt);
        }
        mm.addRss(kernel.rssKind(pfn), -1);
        debt.requireSettled("a poisoned frame loses its mapping");
        if (vma == null) {
            kernel.rmap().folioRemoveRmap(cpu, pfn, mm);
        } else {
            kernel.rmap().folioRemoveRmap(cpu, pfn, vma);
            if (vma.has(VmFlags.LOCKED)) {
                kernel.lru().mlockDrainLocal(cpu);
            }
        }
        kernel.putPage(cpu, pfn);
    }
}
