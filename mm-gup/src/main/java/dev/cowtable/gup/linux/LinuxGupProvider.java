package dev.cowtable.gup.linux;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;

/** Makes {@code linux}. */
public final class LinuxGupProvider implements GupStrategyProvider {
    @Override
    public String name() {
        return "linux";
    }

    @Override
    public String description() {
        return "get_user_pages and pin_user_pages of Linux 6.18, unchanged";
    }

    @Override
    public GupStrategy create(Kernel kernel) {
        return new LinuxGup(kernel, new GupSteps());
    }
}
