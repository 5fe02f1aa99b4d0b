package dev.cowtable.gup.linux;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lock.SeqCount;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of a look-up on which its safety rests, one method each.
 *
 * <p>Why: a test plants a bug by overriding one of them, so that each is known to matter.
 */
public class GupSteps {
    /** True if a fork of this mm is at work and a pin must not be tried without locks. */
    protected boolean forkIsRunning(int sequence) {
        return (sequence & 1) != 0;
    }

    /** True if a fork has begun since {@code sequence} was read: the pins taken since may be of pages that it shares. */
    protected boolean forkHasRun(Cpu cpu, SeqCount writeProtectSeq, int sequence) {
        return writeProtectSeq.readRetry(cpu, sequence);
    }

    /**
     * Locks the table in which a page is looked up, null if there is none.
     *
     * @return also {@link PtDesc#NO_MEMORY}, nothing locked, for a flavour that looks into private tables only
     */
    protected @Nullable PtDesc lockTable(Kernel kernel, Cpu cpu, MmStruct mm, long pmdPaddr, long vaddr,
            int follFlags) {
        return kernel.pageTables().lockTable(cpu, pmdPaddr);
    }

    /** A page of a table was taken under the table's lock. */
    protected void taken(PtDesc table, int follFlags) {
    }

    /** A page was taken without locks through a PMD entry; false if it must be given back and looked up again the slow way. */
    protected boolean takenFast(Kernel kernel, Cpu cpu, long pmd, int follFlags) {
        return true;
    }

    /** True if an entry is no longer what the walk saw before it took its reference. */
    protected boolean hasChanged(long seen, long now) {
        return seen != now;
    }
}
