package dev.cowtable.suite.property;

import static dev.cowtable.suite.property.TestDesigns.CLASSIC;
import static dev.cowtable.suite.property.TestDesigns.RELAXED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.stat.Counters;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * The relaxed design answers as the classic one, and both as the model of user memory, after every operation of random programs.
 *
 * <p>System property {@code cowtable.programs}: that many programs more of every kind, from seed {@code cowtable.seed}. A failure prints jqwik's
 * seed, or the program's own, and the shrunk program as a litmus file.
 */
class DesignComparisonTest {
    private static final String MORE_PROGRAMS = "cowtable.programs";
    private static final String FIRST_SEED = "cowtable.seed";

    @Provide
    Arbitrary<Program> programs() {
        return ProgramArbitrary.programs();
    }

    @Provide
    Arbitrary<Program> programsOfEveryKind() {
        return Arbitraries.of(Profile.class).flatMap(ProgramArbitrary::programs);
    }

    @Property(tries = 300)
    void relaxedAnswersAsClassicAfterEveryOp(@ForAll("programs") Program program) {
        assertThat(DesignComparison.run(program, CLASSIC, RELAXED, TlbPolicy.NONE)).isNull();
    }

    @Property(tries = 150)
    void relaxedAnswersAsClassicWithEvictingTlbs(@ForAll("programs") Program program) {
        assertThat(DesignComparison.run(program, CLASSIC, RELAXED, TlbPolicy.REALISTIC)).isNull();
    }

    @Property(tries = 250)
    void relaxedAnswersAsClassicWithTlbsThatNeverEvict(@ForAll("programs") Program program) {
        assertThat(DesignComparison.run(program, CLASSIC, RELAXED, TlbPolicy.ADVERSARIAL)).isNull();
    }

    @Property(tries = 300)
    void relaxedAnswersAsClassicInProgramsOfEveryKind(@ForAll("programsOfEveryKind") Program program) {
        assertThat(DesignComparison.runWhole(program, CLASSIC, RELAXED, TlbPolicy.NONE)).isNull();
    }

    @Property(tries = 150)
    void relaxedAnswersAsClassicInProgramsOfEveryKindWithTlbsThatNeverEvict(
            @ForAll("programsOfEveryKind") Program program) {
        assertThat(DesignComparison.runWhole(program, CLASSIC, RELAXED, TlbPolicy.ADVERSARIAL)).isNull();
    }

    /** Swap slots are freed by MADV_FREE at once, and a pinned page has none. */
    @Example
    void aPinnedPageIsNotSwappedOutAndItsPinSeesWhatIsWrittenAfterMadvFree() {
        Program program = Program.of("swap file", "P0 mmap A pages=2", "P0 pin A 0 1", "P0 madvise A pageout",
                "P0 madvise A free", "P0 touchrange A 0 2 10");
        assertThat(DesignComparison.runWhole(program, CLASSIC, RELAXED, TlbPolicy.ADVERSARIAL)).isNull();
    }

    @Example
    void aRefusedOperationIsADifferenceOnlyWhereNoneMayBe() {
        Program program = Program.of("P0 mmap A pages=1", "P0 uffd A wp");
        assertThat(DesignComparison.run(program, CLASSIC, RELAXED, TlbPolicy.NONE)).isNull();
        assertThat(DesignComparison.runWhole(program, CLASSIC, RELAXED, TlbPolicy.NONE))
                .hasFieldOrPropertyWithValue("opIndex", 1).hasFieldOrPropertyWithValue("kind", Difference.Kind.DIED);
    }

    @Example
    void relaxedAnswersAsClassicOnAsManyProgramsAsAreAskedFor() {
        int programs = Integer.getInteger(MORE_PROGRAMS, 0);
        for (Profile profile : Profile.values()) {
            assertThat(
                    RandomComparison.run(CLASSIC, RELAXED, profile, DesignComparison::runWhole,
                            Long.getLong(FIRST_SEED, 1),
                            programs, System.out))
                    .as(profile.name()).isNull();
        }
    }

    @Example
    void randomProgramsShareBreakReownDetachAndFallBack() {
        Map<Counter, Long> sums = new EnumMap<>(Counter.class);
        for (int seed = 0; seed < 60; seed++) {
            Counters counters = counters(ProgramGenerator.generate(new Random(seed)));
            for (Counter counter : Counter.values()) {
                sums.merge(counter, counters.sum(counter), Long::sum);
            }
        }
        for (Counter counter : List.of(Counter.TABLE_SHARED, Counter.TABLE_BROKEN, Counter.TABLE_REOWNED,
                Counter.TABLE_DETACHED, Counter.TABLE_FALLBACK, Counter.FORK_PAGE_COPY, Counter.PAGE_REUSE,
                Counter.GUP_FAST, Counter.GUP_SLOW, Counter.FAULT_SIGNAL, Counter.IPI)) {
            assertThat(sums.get(counter)).as(counter.name()).isGreaterThan(10);
        }
    }

    private static Counters counters(Program program) {
        LitmusSession session = new LitmusSession(program.scenario(), RELAXED, TlbPolicy.ADVERSARIAL);
        for (Op op : program.scenario().ops()) {
            session.perform(op);
        }
        return session.kernel().counters();
    }
}
