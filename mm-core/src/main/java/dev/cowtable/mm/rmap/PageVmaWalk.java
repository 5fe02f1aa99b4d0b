package dev.cowtable.mm.rmap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Finds the entry through which a VMA maps a small folio, and locks its table.
 *
 * <p>Mirrors: page_vma_mapped_walk() (mm/page_vma_mapped.c), for folios of one page: at most one entry a VMA.
 * <p>Locks: an rmap lock is held by the caller; answers with ptl held.
 */
public final class PageVmaWalk {
    private final Kernel kernel;
    private final PageTables pageTables;

    public PageVmaWalk(Kernel kernel) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
    }

    /** What is looked for, and what for. */
    public enum Mode {
        /** A present entry, to be looked at; A may be cleared in it. */
        LOOK(false, false),
        /** A present entry that will be replaced: a shared table is broken first, unless the design edits it in place. */
        REPLACE(false, true),
        /** A migration entry: PVMW_MIGRATION. It is replaced in a shared table for all sharers at once, as that may not fail. */
        MIGRATION(true, false);

        private final boolean migration;
        private final boolean replaces;

        Mode(boolean migration, boolean replaces) {
            this.migration = migration;
            this.replaces = replaces;
        }

        private boolean matches(long pte, long pfn) {
            if (migration) {
                return SwpEntry.isMigration(pte) && SwpEntry.pfn(pte) == pfn;
            }
            return Pte.isPresent(pte) && !Pte.isSpecial(pte) && Pte.pfn(pte) == pfn;
        }
    }

    /**
     * Locks the table in which the entry of {@code vaddr} names {@code pfn}.
     *
     * @return the table, ptl held, whose entry at {@link PageTables#ptePaddr} matches; null, nothing locked, if the VMA does not map the
     *     page; {@link PtDesc#NO_MEMORY}, nothing locked, if it does through a shared table that could not be broken
     */
    public @Nullable PtDesc lock(Cpu cpu, long pfn, VmAreaStruct vma, long vaddr, Mode mode) {
        long pmdPaddr = pageTables.pmdOffset(cpu, vma.mm(), vaddr);
        if (pmdPaddr == PageTables.NO_ENTRY) {
            return null;
        }
        while (true) {
            PtDesc table = pageTables.lockTable(cpu, pmdPaddr);
            if (table == null) {
                return null;
            }
            boolean found = mode.matches(cpu.memory().read(PageTables.ptePaddr(table, vaddr)), pfn);
            if (found && (!mode.replaces || !table.isShared() || isEditable(cpu, pfn, table, vaddr))) {
                return table;
            }
            table.ptl().unlock(cpu);
            if (!found) {
                return null;
            }
            long block = vaddr & -PageTables.PMD_BYTES;
            if (kernel.forkStrategy().breakTables(cpu, vma.mm(), block, block + PageTables.PMD_BYTES,
                    BreakIntent.RMAP) == BreakResult.NOMEM) {
                return PtDesc.NO_MEMORY;
            }
        }
    }

    /**
     * May the entry be replaced for all sharers at once? The design must allow it, the reverse map must find each of them, and none may have
     * the page locked, nor somebody who mirrors its entries: he is told before an entry changes. A lazily freed page is left to a break.
     *
     * <p>Why: a sharer's own tree may not know the VMA any more, when it is being unmapped, but the reverse map does. And the walk for a lazily
     * freed page ends at the first dirty entry, so that who comes after it keeps the page; all sharers of one table would lose it at once.
     */
    private boolean isEditable(Cpu cpu, long pfn, PtDesc table, long vaddr) {
        int kind = kernel.memMap().flags(cpu, pfn) & (PageFlags.ANON | PageFlags.SWAPBACKED);
        if (kind == PageFlags.ANON || !kernel.forkStrategy().editsInPlace(cpu, table)) {
            return false;
        }
        int[] found = new int[1];
        kernel.rmap().walkAgain(pfn, (vma, at) -> {
            long pmdPaddr = at == vaddr ? pageTables.pmdOffset(cpu, vma.mm(), at) : PageTables.NO_ENTRY;
            boolean shares = pmdPaddr != PageTables.NO_ENTRY
                    && PageTables.pointsAt(cpu.memory().read(pmdPaddr), table);
            boolean free = !vma.has(VmFlags.LOCKED) && !vma.mm().notifiers().any();
            found[0] += shares && free ? 1 : 0;
            return true;
        });
        return found[0] == table.sharerCount();
    }
}
