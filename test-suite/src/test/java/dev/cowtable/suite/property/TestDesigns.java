package dev.cowtable.suite.property;

import dev.cowtable.fork.classic.ClassicForkProvider;
import dev.cowtable.fork.relaxed.RelaxedFork;
import dev.cowtable.fork.relaxed.RelaxedOptions;
import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.gup.linux.LinuxGupProvider;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.fork.ForkPass;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.BreakIntent;
import dev.cowtable.mm.spi.BreakResult;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mm.tlb.MmuGather;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.cpu.Cpu;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Builds designs with one thing wrong. */
final class TestDesigns {
    static final Design CLASSIC = Design.parse("classic");
    static final Design RELAXED = Design.parse("relaxed");

    private TestDesigns() {}

    private record Provider(String name, Function<Kernel, ForkStrategy> maker) implements ForkStrategyProvider {
        @Override
        public String description() {
            return "a design with a planted bug";
        }

        @Override
        public ForkStrategy create(Kernel kernel, Map<String, String> options) {
            return maker.apply(kernel);
        }
    }

    private static Design design(String name, Function<Kernel, ForkStrategy> maker) {
        return new Design(new Provider(name, maker), Map.of(), new LinuxGupProvider());
    }

    /** The relaxed design with a step done wrong. */
    static Design relaxed(String name, Function<Kernel, RelaxedSteps> steps) {
        return design(name, kernel -> new RelaxedFork(kernel, steps.apply(kernel)));
    }

    /** The relaxed design with options and a step done wrong. */
    static Design relaxed(String name, RelaxedOptions options, Function<Kernel, RelaxedSteps> steps) {
        return design(name, kernel -> new RelaxedFork(kernel, steps.apply(kernel), options));
    }

    /** The relaxed design behind a wrapper that does wrong. */
    static Design aroundRelaxed(String name, BiFunction<Kernel, ForkStrategy, ForkStrategy> wrapper) {
        return design(name, kernel -> wrapper.apply(kernel, new RelaxedFork(kernel, new RelaxedSteps(kernel))));
    }

    /** The classic design behind a wrapper that does wrong. */
    static Design aroundClassic(String name, BiFunction<Kernel, ForkStrategy, ForkStrategy> wrapper) {
        return design(name, kernel -> wrapper.apply(kernel, new ClassicForkProvider().create(kernel, Map.of())));
    }

    /** Forgets a debt without paying it. */
    static void forget(FlushDebt debt) {
        try {
            Method clear = FlushDebt.class.getDeclaredMethod("clear");
            clear.setAccessible(true);
            clear.invoke(debt);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Hands everything on; a planted bug overrides one method. */
    abstract static class Wrapper implements ForkStrategy {
        private final Kernel kernel;
        private final ForkStrategy wrapped;

        Wrapper(Kernel kernel, ForkStrategy wrapped) {
            this.kernel = kernel;
            this.wrapped = wrapped;
        }

        final Kernel kernel() {
            return kernel;
        }

        @Override
        public String name() {
            return wrapped.name();
        }

        @Override
        public int copyVma(Cpu cpu, ForkPass pass, VmAreaStruct src, @Nullable VmAreaStruct dst) {
            return wrapped.copyVma(cpu, pass, src, dst);
        }

        @Override
        public BreakResult breakTables(Cpu cpu, MmStruct mm, long startVaddr, long endVaddr, BreakIntent intent) {
            return wrapped.breakTables(cpu, mm, startVaddr, endVaddr, intent);
        }

        @Override
        public boolean detachTable(Cpu cpu, MmuGather tlb, MmStruct mm, long pmdPaddr, long vaddr) {
            return wrapped.detachTable(cpu, tlb, mm, pmdPaddr, vaddr);
        }

        @Override
        public int pageContribution(PtDesc table) {
            return wrapped.pageContribution(table);
        }

        @Override
        public boolean editsInPlace(Cpu cpu, PtDesc table) {
            return wrapped.editsInPlace(cpu, table);
        }

        @Override
        public int editWeight(PtDesc table) {
            return wrapped.editWeight(table);
        }

        @Override
        public void flushSharers(Cpu cpu, PtDesc table, long vaddr) {
            wrapped.flushSharers(cpu, table, vaddr);
        }

        @Override
        public void checkTable(Cpu cpu, PtDesc table, Consumer<String> violations) {
            wrapped.checkTable(cpu, table, violations);
        }
    }
}
