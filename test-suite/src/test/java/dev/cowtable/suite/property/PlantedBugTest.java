package dev.cowtable.suite.property;

import static dev.cowtable.suite.property.TestDesigns.CLASSIC;
import static dev.cowtable.suite.property.TestDesigns.RELAXED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.property.Difference.Kind;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each planted bug is caught: by which check, after which shortest program; and by random programs as well. */
@Timeout(60)
class PlantedBugTest {
    private static final int RANDOM_PROGRAMS = 400;

    private static void assertCaught(Design bug, Kind kind, String words, String... lines) {
        assertCaughtBeside(CLASSIC, bug, kind, words, lines);
    }

    /** The last operation shows the bug, none before does, and the sound design passes the same program. */
    private static void assertCaughtBeside(Design beside, Design bug, Kind kind, String words, String... lines) {
        Program program = Program.of(lines);
        assertThat(DesignComparison.run(program, CLASSIC, RELAXED, TlbPolicy.ADVERSARIAL)).isNull();
        Difference difference = DesignComparison.run(program, beside, bug, TlbPolicy.ADVERSARIAL);
        assertThat(difference).isNotNull();
        assertThat(Objects.requireNonNull(difference).kind()).as(difference.text()).isEqualTo(kind);
        assertThat(difference.text()).contains(words);
        assertThat(difference.opIndex()).isEqualTo(lines.length - 1);
    }

    @Test
    void missingFlushAtTheBreakIsCaughtAsTableStillReached() {
        assertCaught(PlantedBugs.NO_FLUSH_AT_BREAK, Kind.INVARIANT, "I6 CPU 0 still reaches the table",
                "P0 mmap A pages=2", "P0 write A+0 1", "P0 fork P1", "P0 read A+0", "P0 mprotect A 1 2 none");
    }

    @Test
    void flushLeftOwingAtTheBreakIsCaughtAsDebt() {
        assertCaught(PlantedBugs.FLUSH_LEFT_OWING, Kind.INVARIANT, "FD a flush of",
                "P0 mmap A pages=1", "P0 write A+0 1", "P0 fork P1", "P0 write A+0 2");
    }

    /** The base image of the process is shared too: no area is needed. */
    @Test
    void exclusiveMarkKeptAtForkIsCaughtByTheSharedTableInvariant() {
        assertCaught(PlantedBugs.EXCLUSIVE_NOT_CLEARED, Kind.INVARIANT, "I2 a shared table", "P0 fork P1");
    }

    @Test
    void entriesLeftWritableAtForkAreCaughtByTheSharedTableInvariant() {
        assertCaught(PlantedBugs.ENTRIES_STAY_WRITABLE, Kind.INVARIANT, "I2 a shared table", "P0 fork P1");
    }

    @Test
    void sharedEntriesOfWipeonforkNeighbourAreCaughtByTheReverseMapping() {
        assertCaught(PlantedBugs.WIPEONFORK_SHARED, Kind.INVARIANT, "RM frame",
                "P0 mmap A pages=2", "P0 touchrange A 0 2 7", "P0 madvise A 0 1 wipeonfork", "P0 fork P1");
    }

    @Test
    void sharedEntriesOfDontforkNeighbourAreCaughtAsEntriesWithoutVma() {
        assertCaught(PlantedBugs.DONTCOPY_SHARED, Kind.INVARIANT, "I5",
                "P0 mmap A pages=2", "P0 touchrange A 0 2 7", "P0 madvise A 0 1 dontfork", "P0 fork P1");
    }

    @Test
    void sharedPinnedPageIsCaughtByTheComparison() {
        assertCaught(PlantedBugs.PINNED_SHARED, Kind.STATE, "",
                "P0 mmap A pages=1", "P0 write A+0 1", "P0 pin A 0 1", "P0 fork P1");
    }

    @Test
    void sharedPinnedPageIsCaughtByTheModelAlone() {
        assertCaughtBeside(PlantedBugs.PINNED_SHARED, PlantedBugs.PINNED_SHARED, Kind.CONTENT,
                "pins see [1] and not [2]",
                "P0 mmap A pages=1", "P0 write A+0 1", "P0 pin A 0 1", "P0 fork P1", "P0 write A+0 2");
    }

    @Test
    void forgottenRssOfTheChildIsCaughtByTheSums() {
        assertCaught(PlantedBugs.CHILD_RSS_FORGOTTEN, Kind.INVARIANT, "counts 0 ANONPAGES",
                "P0 fork P1");
    }

    @Test
    void writablePmdEntryOfSharedTableIsCaught() {
        assertCaught(PlantedBugs.PMD_LEFT_WRITABLE, Kind.INVARIANT, "I4 the PMD entry", "P0 fork P1");
    }

    @Test
    void detachThatKeepsCountsIsCaughtByTheSums() {
        assertCaught(PlantedBugs.DETACH_KEEPS_COUNTS, Kind.INVARIANT, "I1 frame", "P0 fork P1", "P1 exit");
    }

    @Test
    void zeroPageWrittenIntoSharedTableIsCaughtByTheComparison() {
        assertCaught(PlantedBugs.ZERO_PAGE_INTO_SHARED_TABLE, Kind.STATE, "A+1 entry",
                "P0 mmap A pages=2", "P0 write A+0 1", "P0 fork P1", "P0 read A+1");
    }

    @Test
    void partialZapThatDetachesTheTableIsCaughtAsLostContent() {
        assertCaught(PlantedBugs.PARTIAL_ZAP_DETACHES, Kind.CONTENT, "A+0 holds 0 and not 5",
                "P0 mmap A pages=2", "P0 touchrange A 0 2 5", "P0 fork P1", "P0 madvise A 1 2 dontneed");
    }

    @Test
    void classicForkWithoutFlushIsCaughtAsStaleTranslation() {
        assertCaught(PlantedBugs.CLASSIC_WITHOUT_FLUSH, Kind.INVARIANT, "I6 CPU 0 still translates", "P0 fork P1");
    }

    @Test
    void classicForkThatSharesPinnedPageIsCaughtByTheComparison() {
        assertCaught(PlantedBugs.CLASSIC_SHARES_PINNED, Kind.STATE, "",
                "P0 mmap A pages=1", "P0 write A+0 1", "P0 pin A 0 1", "P0 fork P1");
    }

    @Test
    void classicForkThatSharesPinnedPageIsCaughtByTheModelAlone() {
        assertCaughtBeside(PlantedBugs.CLASSIC_SHARES_PINNED, PlantedBugs.CLASSIC_SHARES_PINNED, Kind.CONTENT,
                "pins see [1] and not [2]",
                "P0 mmap A pages=1", "P0 write A+0 1", "P0 pin A 0 1", "P0 fork P1", "P0 write A+0 2");
    }

    /** Each bug, and a seed from which on it does not take many programs to show it. */
    static Stream<Arguments> randomlyFound() {
        return Stream.of(found(PlantedBugs.NO_FLUSH_AT_BREAK, 160), found(PlantedBugs.FLUSH_LEFT_OWING, 0),
                found(PlantedBugs.EXCLUSIVE_NOT_CLEARED, 0), found(PlantedBugs.ENTRIES_STAY_WRITABLE, 0),
                found(PlantedBugs.WIPEONFORK_SHARED, 30), found(PlantedBugs.DONTCOPY_SHARED, 90),
                found(PlantedBugs.PINNED_SHARED, 0), found(PlantedBugs.CHILD_RSS_FORGOTTEN, 0),
                found(PlantedBugs.PMD_LEFT_WRITABLE, 0), found(PlantedBugs.DETACH_KEEPS_COUNTS, 0),
                found(PlantedBugs.ZERO_PAGE_INTO_SHARED_TABLE, 0), found(PlantedBugs.PARTIAL_ZAP_DETACHES, 0),
                found(PlantedBugs.CLASSIC_WITHOUT_FLUSH, 0), found(PlantedBugs.CLASSIC_SHARES_PINNED, 0));
    }

    private static Arguments found(Design bug, int firstSeed) {
        return Arguments.of(bug.fork().name(), bug, firstSeed);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("randomlyFound")
    void randomProgramsFindEachPlantedBug(String name, Design bug, int firstSeed) {
        assertThat(firstFailing(bug, firstSeed)).as("seed of a program that shows " + name).isNotNegative();
    }

    private static int firstFailing(Design bug, int firstSeed) {
        for (int seed = firstSeed; seed < firstSeed + RANDOM_PROGRAMS; seed++) {
            Program program = ProgramGenerator.generate(new Random(seed));
            if (DesignComparison.run(program, CLASSIC, bug, TlbPolicy.ADVERSARIAL) != null) {
                return seed;
            }
        }
        return -1;
    }
}
