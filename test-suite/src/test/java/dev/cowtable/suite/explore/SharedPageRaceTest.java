package dev.cowtable.suite.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.fork.relaxed.RelaxedFork;
import dev.cowtable.fork.relaxed.RelaxedOptions;
import dev.cowtable.fork.relaxed.RelaxedSteps;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.PtDesc;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.ForkStrategy;
import dev.cowtable.mm.spi.ForkStrategyProvider;
import dev.cowtable.mm.tlb.FlushDebt;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every option of relaxed survives reclaim and migration of shared pages in many interleavings; edits that are wrong do not. */
@Timeout(120)
final class SharedPageRaceTest {
    private static final int SEEDS = Integer.getInteger("cowtable.sharedPageSeeds", 60);

    private static Stream<Arguments> racesAndDesigns() {
        return Stream.of("relaxed", "relaxed:rmap=inplace", "relaxed:pmd=marked", "relaxed:pmd=marked,rmap=inplace")
                .flatMap(design -> Stream.of(true, false).flatMap(migrates -> Stream.of(SharedPageRace.Change.values())
                        .map(change -> Arguments.of(new SharedPageRace(migrates, change), design))));
    }

    @ParameterizedTest(name = "{0} under {1}")
    @MethodSource("racesAndDesigns")
    void noInterleavingGoesWrong(SharedPageRace race, String design) {
        assertThat(RaceRunner.search(race, Design.parse(design), 0, SEEDS)).isEmpty();
    }

    /** A breaker does no harm: he takes his counts along when he switches his PMD entry, and only R is late. */
    @ParameterizedTest
    @EnumSource(names = {"EXIT", "DROP", "UNMAP"})
    void editWhileASharerDetachesIsFound(SharedPageRace.Change change) {
        assertFound(new SharedPageRace(false, change), kernel -> new RelaxedSteps(kernel) {
            @Override
            protected boolean mayEditInPlace(PtDesc table) {
                return true;
            }

            @Override
            protected int editWeight(PtDesc table) {
                return table.sharerCount();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void editThatFlushesOneSharerIsFound(SharedPageRace.Change change) {
        assertFound(new SharedPageRace(true, change), kernel -> new RelaxedSteps(kernel) {
            @Override
            protected void flushSharers(Cpu cpu, PtDesc table, long vaddr) {
                FlushDebt debt = new FlushDebt(table.sharer(table.sharerCount() - 1));
                debt.owe(vaddr, vaddr + 4096);
                kernel().tlbFlush().settle(cpu, debt);
            }
        });
    }

    private static void assertFound(SharedPageRace race, Function<Kernel, RelaxedSteps> steps) {
        Design good = Design.parse("relaxed:rmap=inplace");
        Design bad = new Design(new Fork(steps), Map.of(), good.gup());
        Optional<RaceRunner.Finding> found = RaceRunner.search(race, bad, 0, 5_000);
        assertThat(found).isPresent();
        assertThat(RaceRunner.run(race, bad, found.orElseThrow().seed())).isEqualTo(found.orElseThrow().result());
    }

    private record Fork(Function<Kernel, RelaxedSteps> steps) implements ForkStrategyProvider {
        @Override
        public String name() {
            return "relaxed-in-place-with-a-bug";
        }

        @Override
        public String description() {
            return "relaxed:rmap=inplace with one wrong step";
        }

        @Override
        public ForkStrategy create(Kernel kernel, Map<String, String> options) {
            return new RelaxedFork(kernel, steps.apply(kernel), new RelaxedOptions(true, false));
        }
    }
}
