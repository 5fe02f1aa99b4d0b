package dev.cowtable.suite.locks;

import dev.cowtable.fork.relaxed.RelaxedFork;
import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Map;

/** {@code relaxed}, but a break leaves the translations of the shared table in the TLBs. */
record FlushlessBreak() implements ForkStrategyProvider {
    static Design design() {
        return new Design(new FlushlessBreak(), Map.of(), Design.parse("relaxed").gup());
    }

    @Override
    public String name() {
        return "flushless-break";
    }

    @Override
    public String description() {
        return "relaxed with a planted bug";
    }

    @Override
    public ForkStrategy create(Kernel kernel, Map<String, String> options) {
        return new RelaxedFork(kernel, new Steps(kernel));
    }

    private static final class Steps extends RelaxedSteps {
        Steps(Kernel kernel) {
            super(kernel);
        }

        @Override
        protected void flushThenDropShare(Cpu cpu, FlushDebt debt, PtDesc table) {
            dropShare(cpu, table);
        }
    }
}
