package dev.cowtable.suite.property;

import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Shrinkable;
import net.jqwik.api.ShrinkingDistance;

/** Random programs for jqwik; they shrink to a short litmus file. */
public final class ProgramArbitrary {
    private ProgramArbitrary() {}

    /** Programs of the {@link Profile#FORK} kind. */
    public static Arbitrary<Program> programs() {
        return programs(Profile.FORK);
    }

    /** Programs as {@link ProgramGenerator} draws them. */
    public static Arbitrary<Program> programs(Profile profile) {
        return Arbitraries.fromGenerator(random -> new ShrinkableProgram(ProgramGenerator.generate(random, profile)));
    }

    private record ShrinkableProgram(Program value) implements Shrinkable<Program> {
        @Override
        public Stream<Shrinkable<Program>> shrink() {
            return ProgramShrinker.candidates(value).map(ShrinkableProgram::new);
        }

        @Override
        public ShrinkingDistance distance() {
            return ShrinkingDistance.of(value.size(), ProgramShrinker.weight(value));
        }
    }
}
