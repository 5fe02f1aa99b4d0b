package dev.cowtable.suite.property;

import dev.cowtable.fork.relaxed.RelaxedOptions;
import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.cpu.Cpu;

/** {@code relaxed:rmap=inplace} with one planted bug each. */
final class OptionBugs {
    static final RelaxedOptions IN_PLACE = new RelaxedOptions(true, false);

    private OptionBugs() {}

    /** Flushes the mm through whose VMA a walk comes first, as try_to_unmap() does for a private table. */
    static final Design ONE_SHARER_FLUSHED =
            TestDesigns.relaxed("one-sharer-flushed", IN_PLACE, kernel -> new RelaxedSteps(kernel) {
                @Override
                protected void flushSharers(Cpu cpu, PtDesc table, long vaddr) {
                    FlushDebt debt = new FlushDebt(table.sharer(0));
                    debt.owe(vaddr, vaddr + 4096);
                    kernel().tlbFlush().settle(cpu, debt);
                }
            });

    /** Takes one mapping and one reference away and gives the swap slot one user, whatever R is. */
    static final Design COUNTED_ONCE =
            TestDesigns.relaxed("counted-once", IN_PLACE, kernel -> new RelaxedSteps(kernel) {
                @Override
                protected int editWeight(PtDesc table) {
                    return 1;
                }
            });

    /** Edits although somebody is about to leave, and counts for those who are still there. */
    static final Design LEAVERS_NOT_WAITED_FOR =
            TestDesigns.relaxed("leavers-forgotten", IN_PLACE, kernel -> new RelaxedSteps(kernel) {
                @Override
                protected boolean mayEditInPlace(PtDesc table) {
                    return true;
                }

                @Override
                protected int editWeight(PtDesc table) {
                    return table.sharerCount();
                }
            });

    /** Edits although somebody is about to leave, and counts for him too. */
    static final Design LEAVERS_COUNTED =
            TestDesigns.relaxed("leavers-counted", IN_PLACE, kernel -> new RelaxedSteps(kernel) {
                @Override
                protected boolean mayEditInPlace(PtDesc table) {
                    return true;
                }
            });
}
