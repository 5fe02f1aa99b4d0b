package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Swap entries in shared tables: counts, the exclusive marker, and a count that cannot grow. */
class SwapEntriesTest {

    @ParameterizedTest
    @ValueSource(strings = {"classic", "relaxed"})
    void forkCountsTheSlotTwiceAndClearsTheExclusiveMarker(String design) {
        Lab lab = new Lab(Design.parse(design));
        long slot = lab.swapEntry(2);
        MmStruct child = lab.fork();
        assertThat(users(lab, slot)).isEqualTo(2);
        assertThat(SwpEntry.isExclusive(lab.pte(lab.parent, 2))).isFalse();
        assertThat(child.rss(Rss.SWAPENTS)).isEqualTo(1);
        lab.kernel.exitMmap(lab.cpu(0), child);
        assertThat(users(lab, slot)).isEqualTo(1);
        assertThat(lab.violations()).isEmpty();
    }

    @Test
    void keptExclusiveMarkerIsCaughtByTheSharedTableInvariant() {
        Lab lab = new Lab(PlantedBugs.EXCLUSIVE_MARKER_KEPT);
        lab.swapEntry(0);
        lab.fork();
        assertThat(lab.violations()).anyMatch(text -> text.startsWith("I2") && text.contains("exclusive swap entry"));
    }

    @Test
    void detachThatKeepsSwapCountsIsCaughtByTheSums() {
        Lab lab = new Lab(PlantedBugs.DETACH_KEEPS_SWAP_COUNTS);
        lab.swapEntry(0);
        lab.kernel.exitMmap(lab.cpu(0), lab.fork());
        assertThat(lab.violations()).containsExactly("I1 swap slot 0 has count 2 and 1 entries name it");
    }

    /** Dossier scenario 23: entry k cannot be counted, entries 0 to k-1 were. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 7})
    void swapCountThatCannotGrowLeavesNothingCountedAndNothingShared(int full) {
        Lab lab = filled(TestDesigns.RELAXED, full);
        int[] before = counts(lab);
        assertThat(forkFails(lab, attemptsOfFork(filled(TestDesigns.RELAXED, full)))).isTrue();
        assertThat(counts(lab)).isEqualTo(before);
        assertThat(lab.table(lab.parent).isShared()).isFalse();
        assertThat(lab.table(lab.parent).shareCount()).isEqualTo(1);
        drain(lab, full);
        assertThat(lab.violations()).isEmpty();
        lab.fork();
        assertThat(lab.violations()).isEmpty();
    }

    @Test
    void swapCountThatCannotGrowFailsTheClassicForkAsWell() {
        Lab lab = filled(TestDesigns.CLASSIC, 3);
        int[] before = counts(lab);
        assertThat(forkFails(lab, attemptsOfFork(filled(TestDesigns.CLASSIC, 3)))).isTrue();
        assertThat(counts(lab)).isEqualTo(before);
        drain(lab, 3);
        assertThat(lab.violations()).isEmpty();
    }

    private static int users(Lab lab, long slot) {
        return lab.kernel.swap().swapCount(SwpEntry.make(0, slot));
    }

    /** Swapped pages only, the slot of one of them full. */
    static Lab filled(Design design, int full) {
        Lab lab = new Lab(design);
        IntStream.range(0, Lab.PAGES).forEach(lab::swapEntry);
        fill(lab, full);
        return lab;
    }

    /** Users of the slot from outside, up to where the next one needs a continuation. */
    private static void fill(Lab lab, int slot) {
        while (users(lab, slot) < SwapInfo.SWAP_MAP_MAX) {
            lab.kernel.swap().swapDuplicate(lab.cpu(0), SwpEntry.make(0, slot));
        }
    }

    private static void drain(Lab lab, int slot) {
        while (users(lab, slot) > 1) {
            lab.kernel.swap().swapFree(lab.cpu(0), SwpEntry.make(0, slot));
        }
    }

    private static int[] counts(Lab lab) {
        return IntStream.range(0, Lab.PAGES).map(slot -> users(lab, slot)).toArray();
    }

    /** Why: on a twin, as the continuation page that the fork asks for last outlives the fork. */
    static long attemptsOfFork(Lab twin) {
        long before = twin.kernel.failures().attempts();
        twin.fork();
        return twin.kernel.failures().attempts() - before;
    }

    static boolean forkFails(Lab lab, long attempts) {
        lab.kernel.failures().failOnceAfter(attempts - 1);
        MmStruct child = lab.kernel.fork(lab.cpu(0), lab.parent);
        lab.kernel.failures().off();
        return child == null;
    }
}
