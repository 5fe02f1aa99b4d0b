package dev.cowtable.fork.relaxed;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
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
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new RelaxedFork(kernel, new RelaxedSteps(kernel));
    }
}
