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
        return "copies every PTE table entry by entry, as Linux 6.18 does";
    }

    @Override
    public List<String> claims() {
        return List.of("everything as Linux 6.18 has it, without batches of large folios");
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new ClassicFork(kernel);
    }
}
