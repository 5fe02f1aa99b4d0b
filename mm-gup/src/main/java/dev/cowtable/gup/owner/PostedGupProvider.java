package dev.cowtable.gup.owner;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;

/** Makes {@code owner-posted}. */
public final class PostedGupProvider implements GupStrategyProvider {
    @Override
    public String name() {
        return "owner-posted";
    }

    @Override
    public String description() {
        return "as owner as RFC v2 had it: marks shared tables too, whose owner is forgotten by that";
    }

    @Override
    public GupStrategy create(Kernel kernel) {
        return new OwnerGup(name(), kernel, new PostedGupSteps());
    }
}
