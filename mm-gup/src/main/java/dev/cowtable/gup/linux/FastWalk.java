package dev.cowtable.gup.linux;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.gup.FollFlags;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Entry;

/**
 * The lockless walk of get_user_pages_fast().
 *
 * <p>It runs with interrupts disabled on a CPU that has the mm loaded: a table that is unlinked meanwhile can not be freed, as its flush
 * waits for this CPU. A reference is taken on what an entry names and then the PMD entry and the entry are read again; if either
 * changed, the reference is given back. A pin is given back as well if a fork overlapped the walk, told by write_protect_seq.
 *
 * <p>A write-protected PMD entry makes the range read-only, as it does for the hardware; a write then takes the slow way. Where a design
 * leaves the PMD entries of shared tables writable, the entries themselves are what refuses the write.
 *
 * <p>Mirrors: gup_fast() .. gup_fast_pte_range() (mm/gup.c).
 * <p>Locks: none.
 */
final class FastWalk {
    private static final long NOTHING = -1;

    private final Kernel kernel;
    private final PageTables pageTables;
    private final PageGrab grab;
    private final GupSteps steps;

    FastWalk(Kernel kernel, PageGrab grab, GupSteps steps) {
        this.kernel = kernel;
        this.pageTables = kernel.pageTables();
        this.grab = grab;
        this.steps = steps;
    }

    /** Takes as many pages from the start of the range as can be had without locks; their number. */
    int walk(Cpu cpu, MmStruct mm, long startVaddr, int nrPages, int follFlags, long[] pfns) {
        boolean pin = (follFlags & FollFlags.PIN) != 0;
        int sequence = 0;
        if (pin) {
            mm.setHasPinned(cpu);
            sequence = mm.writeProtectSeq().rawRead(cpu);
            if (steps.forkIsRunning(sequence)) {
                return 0;
            }
        }
        cpu.disableInterrupts();
        int had = 0;
        while (had < nrPages && (pfns[had] = page(cpu, mm, startVaddr + had * 4096L, follFlags)) != NOTHING) {
            had++;
        }
        cpu.enableInterrupts();
        if (pin && steps.forkHasRun(cpu, mm.writeProtectSeq(), sequence)) {
            giveBack(cpu, pfns, had, follFlags);
            had = 0;
        }
        kernel.counters().add(cpu.id(), Counter.GUP_FAST, had);
        return had;
    }

    private void giveBack(Cpu cpu, long[] pfns, int count, int follFlags) {
        kernel.counters().add(cpu.id(), Counter.GUP_FAST_BACKOFF, 1);
        for (int i = 0; i < count; i++) {
            grab.release(cpu, pfns[i], follFlags);
        }
    }

    private long page(Cpu cpu, MmStruct mm, long vaddr, int follFlags) {
        long pmdPaddr = pageTables.pmdOffset(cpu, mm, vaddr);
        if (pmdPaddr == PageTables.NO_ENTRY) {
            return NOTHING;
        }
        long pmd = cpu.memory().read(pmdPaddr);
        if (!PageTables.isTable(pmd)) {
            return NOTHING;
        }
        long ptePaddr = PageTables.entryPaddr(Entry.paddr(pmd), vaddr, 1);
        long pte = cpu.memory().read(ptePaddr);
        if (!permits(pmd, pte, follFlags) || !grab.tryGrab(cpu, Pte.pfn(pte), follFlags)) {
            return NOTHING;
        }
        boolean moved = steps.hasChanged(pmd, cpu.memory().read(pmdPaddr))
                || steps.hasChanged(pte, cpu.memory().read(ptePaddr));
        if (moved || !steps.takenFast(kernel, cpu, pmd, follFlags) || !grab.fastAllowed(cpu, Pte.pfn(pte), follFlags)
                || (!Pte.isWritable(pte) && grab.mustUnshare(cpu, Pte.pfn(pte), follFlags, false, false))) {
            grab.release(cpu, Pte.pfn(pte), follFlags);
            return NOTHING;
        }
        grab.setReferenced(cpu, Pte.pfn(pte));
        return Pte.pfn(pte);
    }

    private boolean permits(long pmd, long pte, int follFlags) {
        boolean write = (follFlags & FollFlags.WRITE) != 0;
        long needed = Entry.P | Entry.US | (write ? Entry.RW : 0);
        return (pmd & pte & needed) == needed && !Pte.isSpecial(pte);
    }
}
