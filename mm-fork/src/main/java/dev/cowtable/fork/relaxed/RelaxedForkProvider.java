package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import java.util.List;
import java.util.Map;

/** Makes {@code relaxed}. */
public final class RelaxedForkProvider implements ForkStrategyProvider {
    @Override
    public String name() {
        return "relaxed";
    }

    @Override
    public String description() {
        return "accounts every page as classic does, then lets parent and child share the prepared PTE table until one changes it";
    }

    @Override
    public List<String> claims() {
        return List.of("all counts of pages, RSS and VmPTE as under classic; a shared table's A bits are common",
                "one page of page tables per 2 MiB for all sharers, until one changes an entry",
                "rmap=inplace: reclaim and migration of a shared page change its entry once for all sharers and need no table",
                "pmd=marked: PMD entries stay writable; the hardware does not trap a path that forgot to break");
    }

    @Override
    public Map<String, List<String>> options() {
        return RelaxedOptions.values();
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new RelaxedFork(kernel, new RelaxedSteps(kernel), RelaxedOptions.of(options));
    }
}
