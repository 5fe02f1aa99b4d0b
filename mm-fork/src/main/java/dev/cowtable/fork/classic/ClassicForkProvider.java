package dev.cowtable.fork.classic;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import java.util.List;
import java.util.Map;

/** Makes {@code classic}. */
public final class ClassicForkProvider implements ForkStrategyProvider {
    @Override
    public String name() {
        return "classic";
    }

    @Override
    public String description() {
        return "copies every PTE table, as Linux 6.18 does";
    }

    @Override
    public List<String> claims() {
        return List.of("everything as Linux 6.18 has it",
                "batch=on: consecutive entries of one large folio are counted together, as since Linux 6.9",
                "batch=off: each entry by itself; the same where all folios are small");
    }

    @Override
    public Map<String, List<String>> options() {
        return Map.of("batch", List.of("on", "off"));
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new ClassicFork(kernel, !"off".equals(options.get("batch")));
    }
}
