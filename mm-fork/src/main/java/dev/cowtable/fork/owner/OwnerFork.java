package dev.cowtable.fork.owner;

import dev.cowtable.fork.lazy.LazyFork;
import dev.cowtable.fork.lazy.LazyRules;
import dev.cowtable.fork.lazy.Shareable;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * Lazy accounting with an owner: fork write-protects the PMD entries and counts the table, and looks at no page.
 *
 * <pre>
 *                 parent           child            table
 * fork            rss=1 ro         rss=0 ro         R=2 owner=parent
 * parent breaks   rss=1 rw, copy                    R=1 owner=none
 * child breaks                     rss=1 rw, copy   R=1 owner=parent
 * parent reuses   rss=1 rw                          R=1, its own again
 * child reuses                     rss=1 rw         R=1, its own: RSS and VmPTE grow
 * owner leaves    rss=0                             R-1 owner=none
 * </pre>
 *
 * <p>The break does what fork left undone, to the breaker alone: a reference and a mapping for each page, AnonExclusive off, the right to write
 * taken from the shared table's entries. A table of which a page was given away by get_user_pages is never shared: COW_PTE_OWN_EXCLUSIVE.
 *
 * <p>Differs: owner and share count change under ptl; a read that finds its entry does not break; the break flushes before it drops its share.
 *
 * <p>References: "Introduce Copy-On-Write to Page Table", RFC v1 (2022-05-20) and v2 (2022-09-28).
 */
final class OwnerFork extends LazyFork {
    private final boolean posted;
    private final Shareable shareable;

    OwnerFork(Kernel kernel, LazyRules rules, boolean posted) {
        super(kernel, rules);
        this.posted = posted;
        this.shareable = new Shareable(kernel);
    }

    @Override
    public String name() {
        return posted ? "owner:series=posted" : "owner";
    }

    @Override
    public @Nullable String refusal(Cpu cpu, @Nullable MmStruct mm, Operation operation, long start, long end) {
        if (mm == null) {
            return !posted && sharesAnywhere(cpu) ? "owner does not take pages out of shared tables" : null;
        }
        return switch (operation) {
            case FORK -> sharesSwapEntry(cpu, mm) ? "owner does not share tables with swap entries" : null;
            case AGE -> !posted && sharesAny(cpu, mm, start, end) ? "owner does not reclaim from shared tables" : null;
            case MPROTECT, GUARD, SOFT_DIRTY ->
                    sharesAny(cpu, mm, start, end) ? "owner does not break a shared table for this" : null;
            case MREMAP, DISCARD, GET, PIN, RMAP -> null;
        };
    }

    private boolean sharesSwapEntry(Cpu cpu, MmStruct mm) {
        return mm.rss(Rss.SWAPENTS) > 0
                && shareable.swapEntryIn(cpu, mm, block -> posted || Shareable.allPlain(mm, block));
    }
}
