package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Advice;
import dev.cowtable.suite.litmus.Op;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random programs are legal litmus files, as are all programs that they shrink to. */
class ProgramTest {

    @Property(tries = 400)
    void everyProgramHasFiveToSixtyOperationsAndAFork(@ForAll long seed, @ForAll Profile profile) {
        Program program = ProgramGenerator.generate(new Random(seed), profile);
        assertThat(program.scenario().ops()).hasSize(program.size()).hasSizeBetween(5, 60);
        assertThat(program.lines()).anyMatch(line -> line.contains(" fork "));
    }

    @Property(tries = 40)
    void everySmallerProgramIsLegalAndSmaller(@ForAll long seed, @ForAll Profile profile) {
        Program program = ProgramGenerator.generate(new Random(seed), profile);
        ProgramShrinker.candidates(program).forEach(smaller -> {
            assertThat(smaller.scenario().ops()).hasSize(smaller.size());
            assertThat(smaller.size()).isLessThanOrEqualTo(program.size());
            assertThat(ProgramShrinker.weight(smaller)).isLessThan(ProgramShrinker.weight(program));
        });
    }

    @Property(tries = 50)
    void oneSeedGivesOneProgramOfAKind(@ForAll long seed, @ForAll Profile profile) {
        assertThat(ProgramGenerator.generate(new Random(seed), profile))
                .isEqualTo(ProgramGenerator.generate(new Random(seed), profile));
    }

    @Example
    void theWeightsOfEveryKindAddUpToAHundred() {
        for (Profile profile : Profile.values()) {
            Profile.Weights of = profile.weights();
            assertThat(of.access() + of.mapping() + of.advice() + of.move() + of.lock() + of.hold() + of.outside()
                    + of.lifecycle()).as(profile.name()).isEqualTo(100);
        }
    }

    @Example
    void programsOfAllKindsHoldEveryOperationThatTheModelKnows() {
        Set<Class<?>> drawn = new HashSet<>();
        Set<Advice> advice = EnumSet.noneOf(Advice.class);
        for (int seed = 0; seed < 200; seed++) {
            for (Op op : ProgramGenerator.generate(new Random(seed), Profile.ALL).scenario().ops()) {
                drawn.add(op.getClass());
                if (op instanceof Op.Madvise madvise) {
                    advice.add(madvise.advice());
                }
            }
        }
        assertThat(drawn).contains(Op.Swap.class, Op.Drain.class, Op.Fork.class, Op.Crash.class, Op.Mmap.class,
                Op.Munmap.class, Op.Mprotect.class, Op.Mremap.class, Op.MremapInPlace.class, Op.Pmadvise.class,
                Op.Mlock.class, Op.Munlock.class, Op.Mincore.class, Op.Pin.class, Op.Unpin.class, Op.Vmsplice.class,
                Op.ReadPipe.class, Op.OdRead.class, Op.OdWrite.class, Op.MemRead.class, Op.MemWrite.class,
                Op.PvmRead.class, Op.PvmWrite.class, Op.Cpu.class);
        assertThat(advice).containsAll(EnumSet.complementOf(EnumSet.of(Advice.HUGEPAGE, Advice.NOHUGEPAGE,
                Advice.COLLAPSE, Advice.MERGEABLE, Advice.UNMERGEABLE)));
    }

    @Example
    void aFailingProgramShrinksToTheOperationsThatMatter() {
        Predicate<Program> fails = candidate -> DesignComparison.run(candidate, TestDesigns.CLASSIC,
                PlantedBugs.PARTIAL_ZAP_DETACHES, TlbPolicy.NONE) != null;
        Program failing = Stream.iterate(0, seed -> seed + 1).map(seed -> ProgramGenerator.generate(new Random(seed)))
                .filter(program -> program.size() > 20 && fails.test(program)).findFirst().orElseThrow();
        Program small = ProgramShrinker.shrink(failing, fails);
        assertThat(small.size()).isLessThanOrEqualTo(4);
    }

    @Example
    void aFindingNamesSeedPolicyProgramAndOperation() {
        RandomComparison.Finding finding =
                RandomComparison.run(TestDesigns.CLASSIC, PlantedBugs.PMD_LEFT_WRITABLE, 5, 3,
                        System.out);
        assertThat(finding).hasToString("seed 5 under TLB policy NONE, shrunk:\n# a random program\nP0 fork P1\n"
                + "after operation 1: INVARIANT: " + (finding == null ? "" : finding.difference().text()));
    }
}
