package dev.cowtable.mm.migrate;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.notifier.MmuNotifier;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.rmap.EntryUsers;
import dev.cowtable.mm.rmap.PageVmaWalk;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * Takes a page away from all its mappers, leaving in each entry where it was and what right it gave.
 *
 * <p>A migration entry holds no reference and no mapping; RSS goes on counting the page. A shared table is broken for each of its sharers
 * in turn, and without memory for that the page stays where it is; or, where the design allows it, the entry is replaced once for all sharers.
 *
 * <p>Mirrors: try_to_migrate() (mm/rmap.c).
 * <p>Locks: the folio lock is held; takes an rmap lock for reading and ptl.
 * <p>Flush: each entry's CPUs at once, under ptl, before the page loses the mapping. Differs: no batch.
 */
final class TryToMigrate {
    private final Kernel kernel;
    private final MemMap memMap;
    private final PageVmaWalk pageVmaWalk;

    TryToMigrate(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.pageVmaWalk = new PageVmaWalk(kernel);
    }

    /** True if no entry maps the page any more. Otherwise some may have been replaced already, and are to be restored. */
    boolean tryToMigrate(Cpu cpu, long pfn) {
        kernel.rmap().walk(cpu, pfn, (vma, vaddr) -> migrateOne(cpu, pfn, vma, vaddr) && memMap.mapcount(pfn) != 0);
        return memMap.mapcount(pfn) == 0;
    }

    private boolean migrateOne(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr) {
        vma.mm().notifiers().invalidateRangeStart(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        PtDesc table = pageVmaWalk.lock(cpu, pfn, vma, vaddr, PageVmaWalk.Mode.REPLACE);
        boolean goesOn = table != PtDesc.NO_MEMORY;
        if (table != null && table != PtDesc.NO_MEMORY) {
            goesOn = replace(cpu, pfn, new EntryUsers(kernel, table, vma), vaddr, PageTables.ptePaddr(table, vaddr));
            table.ptl().unlock(cpu);
        }
        vma.mm().notifiers().invalidateRangeEnd(cpu, vaddr, vaddr + 4096, MmuNotifier.Event.CLEAR);
        return goesOn;
    }

    /** Clear, flush, share, set: false with the entry as it was if the page is exclusive and may be pinned. */
    private boolean replace(Cpu cpu, long pfn, EntryUsers users, long vaddr, long ptePaddr) {
        long pte = users.clearFlush(cpu, vaddr, ptePaddr);
        if (Pte.isDirty(pte)) {
            memMap.setFlag(cpu, pfn, PageFlags.DIRTY);
        }
        int both = PageFlags.ANON | PageFlags.ANON_EXCLUSIVE;
        boolean exclusive = (memMap.flags(cpu, pfn) & both) == both;
        if (exclusive && !kernel.rmap().folioTryShareAnonRmap(cpu, pfn)) {
            cpu.memory().write(ptePaddr, pte);
            return false;
        }
        cpu.memory().write(ptePaddr, migrationEntry(pfn, pte, exclusive));
        users.discard(cpu, pfn);
        return true;
    }

    private static long migrationEntry(long pfn, long pte, boolean exclusive) {
        boolean young = (pte & Entry.A) != 0;
        long entry = SwpEntry.makeMigration(pfn, Pte.isWritable(pte), exclusive, young, Pte.isDirty(pte));
        return entry | ((pte & Pte.SOFT_DIRTY) != 0 ? SwpEntry.SOFT_DIRTY : 0)
                | ((pte & Pte.UFFD_WP) != 0 ? SwpEntry.UFFD_WP : 0);
    }
}
