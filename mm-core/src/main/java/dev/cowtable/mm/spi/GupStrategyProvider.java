package dev.cowtable.mm.spi;

import dev.cowtable.mm.Kernel;

/** Makes a GUP flavour for a kernel; found by {@link java.util.ServiceLoader}. */
public interface GupStrategyProvider {
    /** The flavour's name, such as {@code linux}. */
    String name();

    /** One sentence for {@code cowtable designs}. */
    String description();

    GupStrategy create(Kernel kernel);
}
