package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.page.PageAllocator;
import dev.cowtable.mm.pgtable.PageTables;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.exec.Step;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Each bug of the options is caught, and by which check; the sound design passes the same. */
@Timeout(60)
class OptionBugTest {
    static final List<String> IN_PLACE = List.of("relaxed:rmap=inplace", "relaxed:pmd=marked,rmap=inplace");
    private static final int SECRET = 99;

    /** P has written page 0 and forked C; both are on CPUs of their own and have read the page. */
    private static final class Scene {
        final AtStep executor = new AtStep();
        final Lab lab;
        final MmStruct child;
        final long pfn;

        Scene(Design design) {
            lab = new Lab(design, executor);
            lab.kernel.swap().swapon(lab.cpu(0), SwapInfo.Kind.ZRAM);
            lab.write(0, lab.parent, 0, 1);
            child = lab.fork();
            pfn = Pte.pfn(lab.pte(lab.parent, 0));
            lab.read(1, child, 0);
            lab.read(2, lab.parent, 0);
        }

        String reclaim() {
            return PressureComparison.reclaim(lab.kernel, pfn);
        }
    }

    private static List<String> violationsAfterReclaim(Design design) {
        Scene scene = new Scene(design);
        assertThat(scene.lab.violations()).isEmpty();
        scene.reclaim();
        return scene.lab.violations();
    }

    @ParameterizedTest
    @FieldSource("IN_PLACE")
    void soundDesignFreesThePageAndKeepsEverySum(String name) {
        Scene scene = new Scene(Design.parse(name));
        assertThat(scene.reclaim()).isEqualTo("1 freed");
        assertThat(scene.lab.violations()).isEmpty();
        assertThat(scene.lab.table(scene.lab.parent)).isSameAs(scene.lab.table(scene.child));
        assertThat(scene.lab.read(1, scene.child, 0)).isEqualTo(1);
        assertThat(scene.lab.read(2, scene.lab.parent, 0)).isEqualTo(1);
        assertThat(scene.lab.violations()).isEmpty();
    }

    @Test
    void sharerThatIsNotFlushedIsCaughtAsStaleTranslation() {
        assertThat(violationsAfterReclaim(OptionBugs.ONE_SHARER_FLUSHED))
                .anyMatch(text -> text.startsWith("I6 CPU 1 still translates"));
    }

    /** Without a checker: the frame has a new owner, and the sharer reads what he wrote. */
    @Test
    void sharerThatIsNotFlushedReadsWhatTheNextOwnerOfTheFrameWrites() {
        assertThat(readByChildFromReusedFrame(Design.parse("relaxed:rmap=inplace"))).isEqualTo(1);
        assertThat(readByChildFromReusedFrame(OptionBugs.ONE_SHARER_FLUSHED)).isEqualTo(SECRET);
    }

    private static long readByChildFromReusedFrame(Design design) {
        Scene scene = new Scene(design);
        assertThat(scene.reclaim()).isEqualTo("1 freed");
        long next = scene.lab.kernel.pageAllocator().allocPage(scene.lab.cpu(0));
        while (next != scene.pfn) {
            assertThat(next).isNotEqualTo(PageAllocator.NO_PAGE);
            next = scene.lab.kernel.pageAllocator().allocPage(scene.lab.cpu(0));
        }
        scene.lab.cpu(0).memory().write(next << 12, SECRET);
        return scene.lab.read(1, scene.child, 0);
    }

    @Test
    void countsThatAreNotMultipliedAreCaughtByTheSums() {
        assertThat(violationsAfterReclaim(OptionBugs.COUNTED_ONCE))
                .anyMatch(text -> text.startsWith("I1 frame") || text.startsWith("I1 swap slot"));
    }

    /** C exits; when it is about to flush what it detached, reclaim comes to the page. */
    private static List<String> violationsAfterReclaimDuringDetach(Design design) {
        Scene scene = new Scene(design);
        AtomicReference<String> reclaimed = new AtomicReference<>("not tried");
        scene.executor.once((cpu, kind, where) -> cpu.id() == 1 && kind == Step.FLUSH
                && !scene.lab.table(scene.lab.parent).isSettled(), () -> reclaimed.set(scene.reclaim()));
        scene.lab.kernel.exitMmap(scene.lab.cpu(1), scene.child);
        assertThat(scene.executor.hasActed()).isTrue();
        assertThat(reclaimed.get()).isNotEqualTo("not tried");
        return scene.lab.violations();
    }

    @ParameterizedTest
    @FieldSource("IN_PLACE")
    void soundDesignBreaksTheTableThatSomebodyIsAboutToLeave(String name) {
        assertThat(violationsAfterReclaimDuringDetach(Design.parse(name))).isEmpty();
    }

    @Test
    void editWhileSomebodyLeavesIsCaughtByTheSumsAfterwards() {
        assertThatThrownBy(() -> assertThat(violationsAfterReclaimDuringDetach(OptionBugs.LEAVERS_NOT_WAITED_FOR))
                .isEmpty()).isInstanceOfAny(AssertionError.class, IllegalStateException.class);
    }

    @Test
    void editThatCountsForTheLeaverFindsHimGone() {
        assertThatThrownBy(() -> violationsAfterReclaimDuringDetach(OptionBugs.LEAVERS_COUNTED))
                .isInstanceOf(NullPointerException.class);
    }

    // ---------------------------------------------------------------- marked, and a path that forgot the break

    /** What a path would do that reuses a page of P, which C has not touched, without asking for a private table. */
    private static Scene afterForgottenBreak(String name) {
        Scene scene = new Scene(Design.parse(name));
        long ptePaddr = PageTables.ptePaddr(scene.lab.table(scene.lab.parent), Lab.page(Lab.PAGES));
        scene.lab.cpu(0).memory().fetchAndOr(ptePaddr, Entry.RW | Entry.D);
        return scene;
    }

    @Test
    void forgottenBreakUnderMarkedIsCaughtByTheRuleOfItsOwn() {
        assertThat(afterForgottenBreak("relaxed:pmd=marked").lab.violations())
                .anyMatch(text -> text.startsWith("I4 entry 8 of the table"))
                .anyMatch(text -> text.startsWith("I2 a shared table"));
        assertThat(afterForgottenBreak("relaxed").lab.violations()).anyMatch(text -> text.startsWith("I2"))
                .noneMatch(text -> text.startsWith("I4"));
    }

    /** The price of marked: the hardware lets the other sharer write, and nobody is asked. */
    @Test
    void onlyTheProtectedEntryTrapsTheOtherSharersWrite() {
        assertThat(breaksAtChildsWrite("relaxed:pmd=marked")).isFalse();
        assertThat(breaksAtChildsWrite("relaxed")).isTrue();
    }

    private static boolean breaksAtChildsWrite(String name) {
        Scene scene = afterForgottenBreak(name);
        scene.lab.write(1, scene.child, Lab.PAGES, SECRET);
        assertThat(scene.lab.read(0, scene.lab.parent, Lab.PAGES)).as("the page is common").isEqualTo(SECRET);
        return scene.lab.table(scene.child) != scene.lab.table(scene.lab.parent);
    }
}
