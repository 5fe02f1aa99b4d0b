package dev.cowtable.fork.ondemand;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import java.util.List;
import java.util.Map;

/** Makes {@code ondemand}. */
public final class OnDemandForkProvider implements ForkStrategyProvider {
    @Override
    public String name() {
        return "ondemand";
    }

    @Override
    public String description() {
        return "shares the PTE tables that one private anonymous VMA covers whole; the table owns the references to its"
                + " pages (On-demand-fork, EuroSys'21)";
    }

    @Override
    public List<String> claims() {
        return List.of("right bytes for every read of an operation that it supports",
                "refcount and mapcount of a page count its shared tables once",
                "a child has no RSS and no VmPTE for a shared table until it breaks it",
                "no reuse: the last sharer copies too",
                "unsupported on shared tables: fork with swap entries, mprotect, MADV_DONTNEED, FREE, COLD, PAGEOUT, guard"
                        + " regions, soft-dirty, pins and writes from outside, reclaim, migration, broken frames");
    }

    @Override
    public boolean isExact() {
        return false;
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new OnDemandFork(kernel);
    }
}
