package dev.cowtable.suite.readme;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import java.util.Map;

/** Makes {@code eager}; a design of one's own is registered under META-INF/services with this class. */
final class EagerForkProvider implements ForkStrategyProvider {
    @Override
    public String name() {
        return "eager";
    }

    @Override
    public String description() {
        return "copies every page at fork";
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new EagerFork(kernel);
    }
}
