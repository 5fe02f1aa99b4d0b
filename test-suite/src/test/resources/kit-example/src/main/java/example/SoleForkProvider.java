package example;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import java.util.Map;

/** Makes {@code sole}. */
public final class SoleForkProvider implements ForkStrategyProvider {
    @Override
    public String name() {
        return "sole";
    }

    @Override
    public String description() {
        return "shares a table that maps pages of one private mapping only; whoever must change it copies it";
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new SoleFork(kernel, name());
    }
}
