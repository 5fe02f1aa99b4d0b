package dev.cowtable.mm.spi;

import dev.cowtable.mm.Kernel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * A fork strategy with its options plus a GUP strategy, named {@code FORK[:key=value,...][/GUP]}.
 *
 * <p>The one place that looks designs up by {@link ServiceLoader}.
 */
public record Design(ForkStrategyProvider fork, Map<String, String> options, GupStrategyProvider gup) {

    public Design {
        options = Map.copyOf(options);
    }

    /**
     * Finds a design by its name.
     *
     * @throws IllegalArgumentException with one sentence if there is no such strategy, option or value
     */
    public static Design parse(String text) {
        int slash = text.indexOf('/');
        String forkPart = slash < 0 ? text : text.substring(0, slash);
        int colon = forkPart.indexOf(':');
        ForkStrategyProvider fork = fork(colon < 0 ? forkPart : forkPart.substring(0, colon));
        Map<String, String> options = parseOptions(fork, colon < 0 ? "" : forkPart.substring(colon + 1));
        return new Design(fork, options, gup(slash < 0 ? fork.defaultGup() : text.substring(slash + 1)));
    }

    /** Splits a list of designs at blanks and semicolons. */
    public static List<Design> parseList(String text) {
        List<Design> designs = new ArrayList<>();
        for (String name : text.trim().split("[\\s;]+", -1)) {
            if (!name.isEmpty()) {
                designs.add(parse(name));
            }
        }
        if (designs.isEmpty()) {
            throw new IllegalArgumentException("no design is named");
        }
        return List.copyOf(designs);
    }

    /** Each fork strategy that is there, with default options, by name. */
    public static List<Design> all() {
        return forks().stream().map(fork -> parse(fork.name())).toList();
    }

    private static Map<String, String> parseOptions(ForkStrategyProvider fork, String text) {
        Map<String, String> options = new LinkedHashMap<>();
        fork.options().forEach((key, values) -> options.put(key, values.getFirst()));
        for (String pair : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            List<String> values = fork.options().getOrDefault(key, List.of());
            if (equals < 0 || !values.contains(pair.substring(equals + 1))) {
                throw new IllegalArgumentException("design " + fork.name() + " has no option '" + pair + "'; it has "
                        + (fork.options().isEmpty() ? "none" : new TreeMap<>(fork.options())));
            }
            options.put(key, pair.substring(equals + 1));
        }
        return options;
    }

    private static ForkStrategyProvider fork(String name) {
        return forks().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("no fork design is named '" + name + "'; there are "
                        + forks().stream().map(ForkStrategyProvider::name).toList()));
    }

    private static GupStrategyProvider gup(String name) {
        List<GupStrategyProvider> all = gups();
        return all.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("no GUP flavour is named '" + name + "'; there are "
                        + all.stream().map(GupStrategyProvider::name).toList()));
    }

    /** The GUP flavours that are there, by name. */
    public static List<GupStrategyProvider> gups() {
        return ServiceLoader.load(GupStrategyProvider.class).stream().map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(GupStrategyProvider::name)).toList();
    }

    private static List<ForkStrategyProvider> forks() {
        return ServiceLoader.load(ForkStrategyProvider.class).stream().map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(ForkStrategyProvider::name)).toList();
    }

    public ForkStrategy createFork(Kernel kernel) {
        return fork.create(kernel, options);
    }

    public GupStrategy createGup(Kernel kernel) {
        return gup.create(kernel);
    }

    /** The name by which {@link #parse} finds this design; options with their default values are left out. */
    @Override
    public String toString() {
        StringBuilder name = new StringBuilder(fork.name());
        char separator = ':';
        for (Map.Entry<String, String> option : new TreeMap<>(options).entrySet()) {
            if (option.getValue().equals(fork.options().getOrDefault(option.getKey(), List.of("")).getFirst())) {
                continue;
            }
            name.append(separator).append(option.getKey()).append('=').append(option.getValue());
            separator = ',';
        }
        if (!gup.name().equals(fork.defaultGup())) {
            name.append('/').append(gup.name());
        }
        return name.toString();
    }
}
