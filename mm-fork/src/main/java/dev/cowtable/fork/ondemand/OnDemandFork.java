package dev.cowtable.fork.ondemand;

import dev.cowtable.fork.lazy.LazyFork;
import dev.cowtable.fork.lazy.Shareable;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * On-demand-fork: a table holds one set of references to its pages, however many processes share it.
 *
 * <p>Fork write-protects the PMD entries and counts the table, if one private anonymous VMA covers its 2 MiB; other tables are copied as under
 * classic. A write copies the table; in the copy alone every entry is counted and loses the right to write. Nobody takes a shared table over:
 * its entries may be writable while copies map the same pages. When the last sharer has left, the table's own references are dropped.
 *
 * <p>Differs: PageAnonExclusive did not exist when this was written. The break clears it for all pages of the table, under its ptl: else the
 * breaker would take a page over that the table still reaches. As nobody re-owns the table, its writable entries are never used again.
 * <p>Differs: whose RSS counts the table while it is shared was left open; here the process counts it that had it before, until it breaks or
 * leaves, and then nobody. The break flushes, and can fail for want of memory.
 *
 * <p>References: Zhao, Gong, Fonseca: On-demand-fork, EuroSys 2021.
 */
final class OnDemandFork extends LazyFork {
    private final Shareable shareable;

    OnDemandFork(Kernel kernel) {
        super(kernel, new OnDemandRules(kernel));
        this.shareable = new Shareable(kernel);
    }

    @Override
    public String name() {
        return "ondemand";
    }

    @Override
    public @Nullable String refusal(Cpu cpu, @Nullable MmStruct mm, Operation operation, long start, long end) {
        if (mm == null) {
            return sharesAnywhere(cpu) ? "ondemand does not take pages out of shared tables" : null;
        }
        return switch (operation) {
            case FORK -> sharesSwapEntry(cpu, mm) ? "ondemand does not share tables with swap entries" : null;
            case MPROTECT, DISCARD, AGE, GUARD, SOFT_DIRTY, PIN -> sharesAny(cpu, mm, start, end)
                    ? "ondemand does not break a shared table for this" : null;
            case MREMAP, GET, RMAP -> null;
        };
    }

    private boolean sharesSwapEntry(Cpu cpu, MmStruct mm) {
        return mm.rss(Rss.SWAPENTS) > 0 && shareable.swapEntryIn(cpu, mm, block -> Shareable.oneCovers(mm, block));
    }
}
