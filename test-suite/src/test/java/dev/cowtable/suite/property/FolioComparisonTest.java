package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Random programs where write faults map folios of four pages: every design still answers as it must. */
class FolioComparisonTest {
    private static final int ORDER = 2;
    private static final Design BATCHES = Design.parse("classic");
    private static final Design ENTRIES = Design.parse("classic:batch=off");

    @Provide
    Arbitrary<Program> programs() {
        return Arbitraries.of(Profile.FORK, Profile.COW, Profile.PIN, Profile.VMA)
                .flatMap(ProgramArbitrary::programs);
    }

    /** Contents and results against the model; RSS, fault counts, references, mapcounts and flags against each other. */
    private static void assertAlike(Program program, Design second, TlbPolicy policy) {
        assertThat(DesignComparison.withFolios(ORDER).of(program, BATCHES, second, policy)).isNull();
    }

    @Property(tries = 250)
    void entryByEntryComesToTheSameAsInBatches(@ForAll("programs") Program program) {
        assertAlike(program, ENTRIES, TlbPolicy.NONE);
    }

    @Property(tries = 250)
    void relaxedAnswersAsClassic(@ForAll("programs") Program program) {
        assertAlike(program, Design.parse("relaxed"), TlbPolicy.NONE);
    }

    @Property(tries = 150)
    void relaxedAnswersAsClassicWithTlbsThatNeverEvict(@ForAll("programs") Program program) {
        assertAlike(program, Design.parse("relaxed"), TlbPolicy.ADVERSARIAL);
    }

    @Property(tries = 150)
    void relaxedWithItsOtherOptionsAnswersAsClassic(@ForAll("programs") Program program) {
        assertAlike(program, Design.parse("relaxed:rmap=inplace,pmd=marked"), TlbPolicy.ADVERSARIAL);
    }

    @Property(tries = 150)
    void theDesignsThatAccountLateShowTheRightBytes(@ForAll("programs") Program program) {
        RandomComparison.Comparison withModel = ModelComparison.withFolios(ORDER);
        assertThat(withModel.of(program, BATCHES, Design.parse("owner"), TlbPolicy.ADVERSARIAL)).isNull();
        assertThat(withModel.of(program, BATCHES, Design.parse("ondemand"), TlbPolicy.ADVERSARIAL)).isNull();
    }

    @Example
    void largeFoliosAreMetInMostPrograms() {
        int met = 0;
        for (int seed = 0; seed < 100; seed++) {
            met += meetsOne(ProgramGenerator.generate(new Random(seed), Profile.FORK)) ? 1 : 0;
        }
        assertThat(met).isGreaterThan(50);
    }

    private static boolean meetsOne(Program program) {
        LitmusSession session = new LitmusSession(program.scenario(), BATCHES, TlbPolicy.NONE);
        session.kernel().setAnonFolioOrder(ORDER);
        MemMap memMap = session.kernel().memMap();
        program.scenario().ops().forEach(session::perform);
        return memMap.anyLarge();
    }
}
