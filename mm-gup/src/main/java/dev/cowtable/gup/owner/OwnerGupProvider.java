package dev.cowtable.gup.owner;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;

/** Makes {@code owner}. */
public final class OwnerGupProvider implements GupStrategyProvider {
    @Override
    public String name() {
        return "owner";
    }

    @Override
    public String description() {
        return "as linux, and marks each table whose page it gives away, so that owner copies it at fork";
    }

    @Override
    public GupStrategy create(Kernel kernel) {
        return new OwnerGup(name(), kernel, new OwnerGupSteps());
    }
}
