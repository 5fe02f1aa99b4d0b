package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** All combinations of relaxed's options answer as classic does, quiet and while reclaim and migration take pages away. */
@Timeout(120)
class RelaxedOptionsTest {
    static final List<String> COMBINATIONS = List.of("relaxed", "relaxed:rmap=inplace", "relaxed:pmd=marked",
            "relaxed:pmd=marked,rmap=inplace");
    private static final int PROGRAMS = Integer.getInteger("cowtable.optionPrograms", 60);
    private static final List<Profile> PRESSED = List.of(Profile.SWAP, Profile.ZRAM, Profile.ALL, Profile.VMA);

    private static Stream<Arguments> combinationsAndPolicies() {
        return COMBINATIONS.stream()
                .flatMap(name -> Stream.of(TlbPolicy.values()).map(policy -> Arguments.of(name, policy)));
    }

    @ParameterizedTest
    @MethodSource("combinationsAndPolicies")
    void answersAsClassicInRandomPrograms(String name, TlbPolicy policy) {
        Design design = Design.parse(name);
        for (int seed = 0; seed < PROGRAMS; seed++) {
            Profile profile = Profile.values()[seed % Profile.values().length];
            Program program = ProgramGenerator.generate(new Random(seed), profile);
            assertThat(DesignComparison.run(program, TestDesigns.CLASSIC, design, policy)).as("seed " + seed).isNull();
        }
    }

    @ParameterizedTest
    @MethodSource("combinationsAndPolicies")
    void answersAsClassicWhilePagesAreTakenAway(String name, TlbPolicy policy) {
        Design design = Design.parse(name);
        long edited = 0;
        for (int seed = 0; seed < PROGRAMS; seed++) {
            Program program = ProgramGenerator.generate(new Random(seed), PRESSED.get(seed % PRESSED.size()));
            PressureComparison pressed =
                    new PressureComparison(program, TestDesigns.CLASSIC, design, policy, seed);
            assertThat(pressed.run()).as("seed " + seed + program).isNull();
            edited += pressed.counted(Counter.TABLE_EDITED);
        }
        assertThat(edited > 10).as("entries edited in place").isEqualTo(name.contains("inplace"));
    }

    @ParameterizedTest
    @FieldSource("COMBINATIONS")
    void everyAllocationOfRandomProgramsMayFailOnce(String name) {
        for (int seed = 100; seed < 106; seed++) {
            Program program = ProgramGenerator.generate(new Random(seed));
            // MAP_POPULATE does not tell that it failed.
            List<String> lines = program.lines().stream().map(line -> line.replace(" populate", "")).toList();
            new Injection(Design.parse(name), new Program(lines).scenario()).run();
        }
    }

    @ParameterizedTest
    @FieldSource("COMBINATIONS")
    void nameIsTheOneByWhichItIsFound(String name) {
        assertThat(Design.parse(name)).hasToString(name);
        assertThat(new Lab(Design.parse(name)).kernel.forkStrategy().name()).isEqualTo(name);
    }

    @Test
    void defaultOptionsMayBeSpelledOut() {
        assertThat(Design.parse("relaxed:rmap=break,pmd=protected")).hasToString("relaxed");
    }
}
