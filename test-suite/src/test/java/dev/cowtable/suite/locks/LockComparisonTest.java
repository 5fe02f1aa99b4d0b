package dev.cowtable.suite.locks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.lock.LockFigures;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.addr.Paging;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class LockComparisonTest {
    private static final int PROCESSES = 4;

    private static LockComparison play(int threads, boolean reclaim, String designs) {
        return LockComparison.of(new LockOptions(PROCESSES, threads, 2, reclaim, 1, 2), Design.parseList(designs));
    }

    private static LockTotals only(LockComparison comparison) {
        assertThat(comparison.passed()).isTrue();
        return comparison.totals().getFirst();
    }

    @ParameterizedTest
    @ValueSource(strings = {"classic", "relaxed", "owner", "ondemand", "relaxed:rmap=inplace", "relaxed:pmd=marked"})
    void theSameSeedsGiveTheSameFigures(String design) {
        LockTotals first = only(play(2, false, design));
        LockTotals second = only(play(2, false, design));
        for (LockRow row : LockRow.values()) {
            assertThat(row.of(second)).as(row.label()).isEqualTo(row.of(first));
        }
        assertThat(first.ptl().acquisitions()).isPositive();
    }

    @Test
    void withTablesAndThreadsOfTheirOwnProcessesNeverMeet() {
        LockTotals classic = only(play(1, false, "classic"));
        assertThat(classic.ptl().contended()).isZero();
        assertThat(classic.ptl().stepsWaited()).isZero();
        assertThat(classic.ptl().ipis()).as("nobody else runs a process of one thread").isZero();
    }

    @Test
    void sharersOfATableMeetAtItsLock() {
        LockTotals relaxed = only(play(1, false, "relaxed"));
        assertThat(relaxed.of(LockCause.WRITE).contended()).isPositive();
        assertThat(relaxed.ptl().stepsWaited()).isGreaterThanOrEqualTo(relaxed.ptl().longestWaitSteps());
        assertThat(relaxed.ptl().longestWaitSteps()).as("at least one wait for all of a break or a fork")
                .isGreaterThan(Paging.ENTRIES);
    }

    /** Two steps an entry, then the exchange of the PMD entry, and the lock is given up; the look at the PMD entry before. */
    @Test
    void aBreakReadsAndWritesEachEntryUnderTheLock() {
        LockTotals relaxed = only(play(1, false, "relaxed"));
        assertThat(relaxed.breaking().acquisitions()).isEqualTo(relaxed.count(Counter.TABLE_BROKEN)).isPositive();
        assertThat(relaxed.breaking().longestHoldSteps()).isEqualTo(2 * Paging.ENTRIES + 3);
        assertThat(relaxed.breaking().stepsHeld()).isEqualTo(relaxed.breaking().acquisitions()
                * (2 * Paging.ENTRIES + 3));
    }

    @Test
    void aForkWithoutAccountingDoesNotLookAtEntriesUnderTheLock() {
        LockComparison both = play(1, false, "classic;ondemand");
        assertThat(both.totals().get(0).of(LockCause.FORK).longestHoldSteps()).isGreaterThan(2 * Paging.ENTRIES);
        assertThat(both.totals().get(1).of(LockCause.FORK).longestHoldSteps()).isLessThan(20);
    }

    @Test
    void causesAddUpToTheWhole() {
        LockTotals classic = only(play(2, true, "classic"));
        LockFigures sum = new LockFigures();
        for (LockCause cause : LockCause.values()) {
            sum.add(classic.of(cause));
        }
        assertThat(sum.acquisitions()).isEqualTo(classic.ptl().acquisitions());
        assertThat(sum.stepsHeld()).isEqualTo(classic.ptl().stepsHeld());
        assertThat(classic.of(LockCause.RECLAIM).acquisitions()).isPositive();
    }

    @Test
    void anEditInPlaceInterruptsTheCpusOfAllSharersUnderOneHold() {
        LockComparison both = play(2, true, "relaxed;relaxed:rmap=inplace");
        assertThat(both.passed()).isTrue();
        assertThat(both.totals().get(0).ptl().mostIpis()).as("those of one process").isEqualTo(2);
        assertThat(both.totals().get(1).ptl().mostIpis()).isEqualTo(PROCESSES * 2);
        assertThat(both.totals().get(0).count(Counter.TABLE_EDITED)).isZero();
        assertThat(both.totals().get(1).count(Counter.TABLE_EDITED)).isPositive();
        assertThat(both.totals()).allSatisfy(totals -> assertThat(totals.pagesFreed()).isPositive());
    }

    @Test
    void aDesignThatRefusesReclaimSaysSoAndFailsNothing() {
        LockComparison result = play(1, true, "owner;classic");
        assertThat(result.passed()).isTrue();
        assertThat(result.totals().get(0).refusal()).contains("owner");
        assertThat(result.totals().get(1).refusal()).isNull();
        assertThat(LockText.of(result)).containsPattern("(?m)^verdict of the checks +unsupported +ok$")
                .contains("owner: unsupported: owner does not");
    }

    @Test
    void aDesignThatBreaksWithoutAFlushFails() {
        LockComparison result = LockComparison.of(new LockOptions(PROCESSES, 2, 2, false, 1, 1),
                List.of(FlushlessBreak.design()));
        assertThat(result.passed()).isFalse();
        assertThat(LockText.of(result)).containsPattern("(?m)^verdict of the checks +FAILED$")
                .contains(": !! seed 1: ");
    }

    @Test
    void scenesThatCannotBePlayedAreRefused() {
        assertThatThrownBy(() -> new LockOptions(1, 1, 1, false, 1, 1)).hasMessageContaining("--processes 1");
        assertThatThrownBy(() -> new LockOptions(2, 0, 1, false, 1, 1)).hasMessageContaining("--threads 0");
        assertThatThrownBy(() -> new LockOptions(2, 1, 0, false, 1, 1)).hasMessageContaining("--tables 0");
        assertThatThrownBy(() -> new LockOptions(2, 1, 1, false, 1, 0)).hasMessageContaining("--seeds 0");
        assertThatThrownBy(() -> new LockOptions(32, 2, 1, true, 1, 1)).hasMessageContaining("64 CPUs");
        assertThat(new LockOptions(32, 2, 1, false, 1, 1).cpus()).isEqualTo(64);
    }
}
