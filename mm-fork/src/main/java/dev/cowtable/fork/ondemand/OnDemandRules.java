package dev.cowtable.fork.ondemand;

import dev.cowtable.fork.lazy.LazyRules;
import dev.cowtable.fork.lazy.Shareable;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Tables that one VMA covers; no reuse; the table's entries stay as they are.
 *
 * <p>Differs: a table with a page that may be pinned is copied as under classic, where On-demand-fork did not look.
 */
final class OnDemandRules implements LazyRules {
    private final Shareable shareable;

    OnDemandRules(Kernel kernel) {
        this.shareable = new Shareable(kernel);
    }

    @Override
    public boolean mayShare(Cpu cpu, ForkPass pass, long block, PtDesc table) {
        return Shareable.oneCovers(pass.parent(), block)
                && !(pass.parent().hasPinned(cpu) && shareable.holdsPinned(cpu, table));
    }

    @Override
    public boolean reuses() {
        return false;
    }

    @Override
    public boolean protectsSource() {
        return false;
    }
}
