package dev.cowtable.gup.owner;

import dev.cowtable.gup.linux.GupSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Marks every table from which a page is given away, so that fork copies it entry by entry from then on.
 *
 * <p>Why a shared table is broken first: its entries were not prepared for sharing. One may be writable and its page exclusive, and both
 * say nothing while others reach the page by the same table.
 */
final class OwnerGupSteps extends GupSteps {
    private static boolean givesAway(int follFlags) {
        return (follFlags & (FollFlags.GET | FollFlags.PIN | FollFlags.WRITE)) != 0;
    }

    @Override
    protected @Nullable PtDesc lockTable(Kernel kernel, Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr,
            int follFlags) {
        PageTables tables = kernel.pageTables();
        return givesAway(follFlags) ? tables.lockPrivate(cpu, mm, pmdPaddr, vaddr, BreakIntent.FAULT)
                : tables.lockTable(cpu, pmdPaddr);
    }

    @Override
    protected void taken(PtDesc table, int follFlags) {
        if (givesAway(follFlags)) {
            table.setOwnExclusive();
        }
    }

    /** The mark is set first and then sharing is looked for; fork shares first and then looks for the mark, so one of them sees the other. */
    @Override
    protected boolean takenFast(Kernel kernel, Cpu cpu, long pmd, int follFlags) {
        PtDesc table = kernel.pageTables().desc(pmd);
        if (table == null) {
            return false;
        }
        table.setOwnExclusive();
        return !table.isShared();
    }
}
