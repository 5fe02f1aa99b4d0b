package dev.cowtable.mm.spi;

import dev.cowtable.mm.Kernel;
import java.util.List;
import java.util.Map;

/** Makes a fork design for a kernel; found by {@link java.util.ServiceLoader}. */
public interface ForkStrategyProvider {
    /** The design's name, such as {@code classic}. */
    String name();

    /** One sentence for {@code cowtable designs}. */
    String description();

    /** Name of the GUP flavour that goes with it unless another is chosen. */
    default String defaultGup() {
        return "linux";
    }

    /** The options and for each its values, the default first. */
    default Map<String, List<String>> options() {
        return Map.of();
    }

    /** What the design promises and what it does not, a sentence each, for {@code cowtable designs}. */
    default List<String> claims() {
        return List.of();
    }

    /** Whether everything that a process or {@code /proc} can see is as under {@code classic}. */
    default boolean isExact() {
        return true;
    }

    /** Makes the strategy; {@code options} holds a legal value for each option. */
    ForkStrategy create(Kernel kernel, Map<String, String> options);
}
