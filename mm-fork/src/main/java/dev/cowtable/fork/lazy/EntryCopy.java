package dev.cowtable.fork.lazy;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.EntryDup;
import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;
import org.jspecify.annotations.Nullable;

/**
 * What copy_pte_range() does to each entry, done to one table with one address space as parent and child.
 *
 * <p>Whoever shares the table keeps its entries; the copy's are read-only and counted once more. AnonExclusive goes: the page is
 * known to the table and to the copy.
 *
 * <p>Locks: ptl of the shared table.
 */
final class EntryCopy {
    private final Kernel kernel;
    private final LazyRules rules;

    EntryCopy(Kernel kernel, LazyRules rules) {
        this.kernel = kernel;
        this.rules = rules;
    }

    void copy(Cpu cpu, MmStruct mm, long block, PtDesc table, PtDesc spare, EntryDup dup) {
        FramePort from = cpu.memory().frame(table.pfn());
        FramePort to = cpu.memory().frame(spare.pfn());
        for (int i = 0; i < Paging.ENTRIES; i++) {
            long pte = from.read(i);
            VmAreaStruct vma = pte == Pte.NONE ? null : rules.vmaFor(mm, block, block + i * 4096L);
            if (vma == null) {
                continue;
            }
            if (!Pte.isPresent(pte)) {
                to.write(i, nonpresent(cpu, dup, pte));
            } else if (!Pte.isSpecial(pte) && !dup.tryDupPage(cpu, Pte.pfn(pte))) {
                to.write(i, copyPinned(cpu, vma, block + i * 4096L, pte, dup));
            } else {
                to.write(i, present(vma, from, i, pte));
            }
        }
        table.editedInPlace();
    }

    private long present(VmAreaStruct vma, FramePort from, int index, long pte) {
        if (!vma.isCowMapping()) {
            return Pte.mkold(pte & ~Entry.D);
        }
        if (Pte.isWritable(pte) && rules.protectsSource()) {
            from.fetchAndAnd(index, ~Entry.RW);
        }
        return Pte.mkold(Pte.wrprotect(pte));
    }

    /** Swap entries are refused at fork; what can stand here are markers. */
    private static long nonpresent(Cpu cpu, EntryDup dup, long entry) {
        if (!dup.tryDupNonpresent(cpu, entry)) {
            throw new IllegalStateException("a swap entry in a table that is shared without accounting");
        }
        return SwpEntry.shareable(entry);
    }

    /**
     * As fork does it for a child: who breaks gets the copy, and whoever pinned the page keeps what nobody writes to any more.
     *
     * <p>Why without memory the page is shared all the same: the locks are held, and the design has no way back from here.
     */
    private long copyPinned(Cpu cpu, VmAreaStruct vma, long vaddr, long pte, EntryDup dup) {
        long pfn = kernel.pageAllocator().allocPage(cpu);
        @Nullable VmAreaStruct into = pfn == PageAllocator.NO_PAGE ? null : vma;
        if (into == null) {
            dup.dupPage(cpu, Pte.pfn(pte));
            return Pte.mkold(Pte.wrprotect(pte));
        }
        cpu.memory().copyFrame(Pte.pfn(pte), pfn);
        kernel.counters().add(cpu.id(), Counter.PAGE_COPY, 1);
        kernel.rmap().folioAddNewAnonRmap(cpu, pfn, into, vaddr);
        kernel.lru().folioAddLruVma(cpu, pfn, into);
        into.mm().addRss(Rss.ANONPAGES, 1);
        return VmFlags.maybeMkwrite(Pte.mkdirty(Pte.mkyoung(Pte.make(pfn, into.pageProt()))), into.flags());
    }
}
