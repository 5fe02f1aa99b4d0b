package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random programs are legal litmus files, as are all programs that they shrink to. */
class ProgramTest {

    @Property(tries = 200)
    void everyProgramHasFiveToSixtyOperationsAndAFork(@ForAll long seed) {
        Program program = ProgramGenerator.generate(new Random(seed));
        assertThat(program.scenario().ops()).hasSize(program.size()).hasSizeBetween(5, 60);
        assertThat(program.lines()).anyMatch(line -> line.contains(" fork "));
    }

    @Property(tries = 20)
    void everySmallerProgramIsLegalAndSmaller(@ForAll long seed) {
        Program program = ProgramGenerator.generate(new Random(seed));
        ProgramShrinker.candidates(program).forEach(smaller -> {
            assertThat(smaller.scenario().ops()).hasSize(smaller.size());
            assertThat(smaller.size()).isLessThanOrEqualTo(program.size());
            assertThat(ProgramShrinker.weight(smaller)).isLessThan(ProgramShrinker.weight(program));
        });
    }

    @Property(tries = 50)
    void oneSeedGivesOneProgram(@ForAll long seed) {
        assertThat(ProgramGenerator.generate(new Random(seed))).isEqualTo(ProgramGenerator.generate(new Random(seed)));
    }

    @Example
    void aFailingProgramShrinksToTheOperationsThatMatter() {
        Program failing = ProgramGenerator.generate(new Random(0));
        Program small =
                ProgramShrinker.shrink(failing, candidate -> DesignComparison.run(candidate, TestDesigns.CLASSIC,
                        PlantedBugs.PARTIAL_ZAP_DETACHES, TlbPolicy.NONE) != null);
        assertThat(failing.size()).isGreaterThan(20);
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
