package dev.cowtable.fork.owner;

import dev.cowtable.fork.lazy.LazyRules;
import dev.cowtable.fork.lazy.Shareable;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * What is left of the series when what the reviewers found is closed: only tables of private anonymous memory that the child gets whole are
 * shared.
 *
 * <p>Why pages are looked at if the parent has ever pinned one: mremap takes a pinned page to a table that is not marked.
 */
final class OwnerRules implements LazyRules {
    private final Shareable shareable;

    OwnerRules(Kernel kernel) {
        this.shareable = new Shareable(kernel);
    }

    @Override
    public boolean mayShare(Cpu cpu, ForkPass pass, long block, PtDesc table) {
        return !table.isOwnExclusive() && Shareable.allPlain(pass.parent(), block)
                && !(pass.parent().hasPinned(cpu) && shareable.holdsPinned(cpu, table));
    }

    @Override
    public boolean reuses() {
        return true;
    }

    @Override
    public boolean protectsSource() {
        return true;
    }
}
