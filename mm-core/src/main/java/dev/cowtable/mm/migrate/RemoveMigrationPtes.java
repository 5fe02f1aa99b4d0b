package dev.cowtable.mm.migrate;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.pgtable.UnsettledTable;
import dev.cowtable.mm.rmap.PageVmaWalk;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Puts a page back into all entries that wait for it, in its new frame or in the old one.
 *
 * <p>This may not fail, so it allocates nothing: in a shared table, which a fork has made since, the entry is changed in place for all
 * its sharers at once, and the page counted once for each.
 *
 * <p>Mirrors: remove_migration_ptes() (mm/migrate.c).
 * <p>Locks: the folio lock of the old page is held; takes an rmap lock for reading and ptl.
 * <p>Flush: none, as a migration entry is never cached.
 */
final class RemoveMigrationPtes {
    private final Kernel kernel;
    private final MemMap memMap;
    private final PageVmaWalk pageVmaWalk;

    RemoveMigrationPtes(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.pageVmaWalk = new PageVmaWalk(kernel);
    }

    /** Replaces the entries that name {@code oldPfn} by ones that map {@code newPfn}, whose mapping and index are set. */
    void restore(Cpu cpu, long oldPfn, long newPfn) {
        @Nullable PtDesc[] unsettled = new PtDesc[1];
        do {
            PtDesc waitedFor = unsettled[0];
            if (waitedFor != null) {
                cpu.await(new UnsettledTable(waitedFor));
                unsettled[0] = null;
            }
            kernel.rmap().walk(cpu, newPfn, (vma, vaddr) -> {
                unsettled[0] = restoreOne(cpu, oldPfn, newPfn, vma, vaddr);
                return unsettled[0] == null;
            });
        } while (unsettled[0] != null);
    }

    /** The table that must settle first, or null if there is nothing left to do in this VMA. */
    private @Nullable PtDesc restoreOne(Cpu cpu, long oldPfn, long newPfn, VmAreaStruct vma, long vaddr) {
        PtDesc table = pageVmaWalk.lock(cpu, oldPfn, vma, vaddr, PageVmaWalk.Mode.MIGRATION);
        if (table == null) {
            return null;
        }
        boolean settled = !table.isShared() || table.isSettled();
        if (settled) {
            long ptePaddr = PageTables.ptePaddr(table, vaddr);
            long entry = cpu.memory().read(ptePaddr);
            if (table.isShared()) {
                mapForSharers(cpu, newPfn, table, vaddr);
            } else {
                memMap.pageRefAdd(cpu, newPfn, 1);
                map(cpu, newPfn, vma, vaddr, entry);
            }
            cpu.memory().write(ptePaddr, presentEntry(vma, newPfn, entry));
        }
        table.ptl().unlock(cpu);
        if (vma.has(VmFlags.LOCKED)) {
            kernel.lru().mlockDrainLocal(cpu);
        }
        return settled ? null : table;
    }

    /**
     * One mapping for each that counts in this table; none is exclusive there. A sharer that is unmapping the range just now has no VMA
     * there any more, and nothing is locked for it.
     */
    private void mapForSharers(Cpu cpu, long pfn, PtDesc table, long vaddr) {
        int weight = kernel.forkStrategy().editWeight(table);
        memMap.pageRefAdd(cpu, pfn, weight);
        for (int i = 0; i < weight; i++) {
            VmAreaStruct vma = table.sharer(i).vmaLookup(vaddr);
            if (vma == null) {
                memMap.mapcountAdd(cpu, pfn, 1);
            } else {
                map(cpu, pfn, vma, vaddr, 0);
            }
        }
        table.editedInPlace();
        kernel.counters().add(cpu.id(), Counter.TABLE_EDITED, 1);
    }

    private void map(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, long entry) {
        if (memMap.testFlag(pfn, PageFlags.ANON)) {
            boolean exclusive = entry != 0 && !SwpEntry.isReadableMigration(entry);
            kernel.rmap().folioAddAnonRmap(cpu, pfn, vma, vaddr, exclusive);
        } else {
            kernel.rmap().folioAddFileRmap(cpu, pfn, vma);
        }
    }

    /** Mirrors: remove_migration_pte(). The VMA can only have lost rights since, and then the entry has lost them as well. */
    private long presentEntry(VmAreaStruct vma, long pfn, long entry) {
        long pte = Pte.make(pfn, vma.pageProt());
        pte = SwpEntry.isMigrationYoung(entry) ? Pte.mkyoung(pte) : Pte.mkold(pte);
        if (SwpEntry.isMigrationDirty(entry) && memMap.testFlag(pfn, PageFlags.DIRTY)) {
            pte = Pte.mkdirty(pte);
        }
        if (SwpEntry.isWritableMigration(entry)) {
            pte = VmFlags.maybeMkwrite(pte, vma.flags());
        }
        return pte | ((entry & SwpEntry.SOFT_DIRTY) != 0 ? Pte.SOFT_DIRTY : 0)
                | ((entry & SwpEntry.UFFD_WP) != 0 ? Pte.UFFD_WP : 0);
    }
}
