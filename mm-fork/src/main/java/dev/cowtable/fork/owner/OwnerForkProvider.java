package dev.cowtable.fork.owner;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import java.util.List;
import java.util.Map;

/** Makes {@code owner}. */
public final class OwnerForkProvider implements ForkStrategyProvider {
    private static final String SERIES = "series";

    @Override
    public String name() {
        return "owner";
    }

    @Override
    public String description() {
        return "shares PTE tables without a look at their pages, which count in their owner only and are accounted for by the"
                + " break (RFC v1, v2)";
    }

    @Override
    public String defaultGup() {
        return "owner";
    }

    /** {@code guarded} refuses or repairs what the reviewers found wrong; {@code posted} does it as the series did. */
    @Override
    public Map<String, List<String>> options() {
        return Map.of(SERIES, List.of("guarded", "posted"));
    }

    @Override
    public List<String> claims() {
        return List.of("right bytes for every read of an operation that it supports, with series=guarded",
                "refcount and mapcount of a page count its shared tables once",
                "RSS and VmPTE count a shared table in its owner only",
                "unsupported on shared tables: fork with swap entries, mprotect, MADV_FREE, COLD, PAGEOUT, guard regions,"
                        + " soft-dirty, reclaim, migration, broken frames",
                "series=posted, with /owner-posted or /linux, goes wrong as the reviewers said: see litmus/owner");
    }

    @Override
    public boolean isExact() {
        return false;
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        boolean posted = "posted".equals(options.get(SERIES));
        return new OwnerFork(kernel, posted ? new PostedRules() : new OwnerRules(kernel), posted);
    }
}
