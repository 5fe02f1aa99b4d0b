package dev.cowtable.gup.owner;

import dev.cowtable.gup.linux.GupSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Marks tables as the second version of the series did: any that is looked at, shared or not, and in the lockless walk after the page was
 * taken. The mark takes the place of the owner.
 */
final class PostedGupSteps extends GupSteps {
    @Override
    protected void taken(PtDesc table, int follFlags) {
        mark(table);
    }

    @Override
    protected boolean takenFast(Kernel kernel, Cpu cpu, long pmd, int follFlags) {
        PtDesc table = kernel.pageTables().desc(pmd);
        if (table != null) {
            mark(table);
        }
        return true;
    }

    private static void mark(PtDesc table) {
        table.setCowPteOwner(null);
        table.setOwnExclusive();
    }
}
