package dev.cowtable.suite.litmus.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.LitmusParser;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the recorded scenarios do not show. */
final class LitmusRunnerTest {
    private static final Design CLASSIC = Design.parse("classic");

    @Test
    void aProcessRunsOnTheCpuThatItWasSentTo() {
        assertThat(results("P0 cpu 1", "P0 cpu -1", "P0 cpu 2", "P0 mmap A pages=1", "P0 cpu 1", "P0 write A+0 7",
                "P0 fork P1", "P1 cpu 0", "P1 read A+0", "P1 write A+0 8", "P0 read A+0"))
                .containsExactly("ok min=0 maj=0", "ok min=0 maj=0", "EINVAL min=0 maj=0", "ok min=0 maj=0",
                        "ok min=0 maj=0", "ok min=1 maj=0", "ok", "ok min=0 maj=0", "ok v=7 min=0 maj=0",
                        "ok min=1 maj=0", "ok v=7 min=0 maj=0");
    }

    @Test
    void faultsAreTakenOnTheCpuOfTheirProcess() {
        var scenario = LitmusParser.parse("t.txt", "P0 mmap A pages=1\nP0 cpu 1\nP0 write A+0 1\n");
        LitmusSession session = new LitmusSession(scenario, CLASSIC, TlbPolicy.NONE);
        scenario.ops().forEach(session::perform);
        assertThat(session.kernel().counters().of(1, Counter.FAULT_MINOR)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aForkIsSeenByAnotherCpuThatCachedWritableTranslations(TlbPolicy tlbPolicy) {
        String text = text(CLASSIC, tlbPolicy, "P0 mmap A pages=2", "P0 touchrange A 5", "P0 fork P1", "P1 cpu 1",
                "P1 touchrange A 6", "P0 readrange A", "P1 fork P2", "P2 cpu 0", "P1 touchrange A 7", "P2 readrange A");
        assertThat(text).contains("readrange A => ok v=5,5").contains("P2 readrange A => ok v=6,6");
    }

    @Test
    void aRangeThatCannotBePinnedWholeIsNotPinnedAtAll() {
        assertThat(results("P0 mmap A pages=2", "P0 mprotect A 1 2 r", "P0 pin A 0 2", "P0 pin A 1 2", "P0 unpin A 0 2",
                "P0 pin A 0 1", "P0 unpin A 0 1", "P0 unpin A 0 1"))
                .containsExactly("ok min=0 maj=0", "ok min=0 maj=0", "EFAULT min=1 maj=0", "EFAULT min=0 maj=0",
                        "EINVAL min=0 maj=0", "ok min=0 maj=0", "ok min=0 maj=0", "EINVAL min=0 maj=0");
    }

    @Test
    void aChildInheritsNoFixedBuffer() {
        String text =
                text(CLASSIC, TlbPolicy.NONE, "P0 mmap A pages=2", "P0 touchrange A", "P0 pin A 0 2", "P0 fork P1",
                        "P1 unpin A 0 2", "observe A 0 1", "P0 exit", "P1 read A+1");
        assertThat(text).contains("P1 unpin A 0 2 => EINVAL").contains("  P0 vmpte=+8kB pin=8kB\n")
                .contains("  P1 vmpte=+8kB\n").contains("P1 read A+1 => ok v=1");
    }

    @Test
    void aPipeIsAQueueThatOutlivesWhoFilledIt() {
        assertThat(results("P0 mmap A pages=2", "P0 fork P1", "P1 touchrange A 0 2", "P1 vmsplice A 1 -> q3",
                "P1 vmsplice A 0 -> q3", "P1 write A+0 9", "P1 kill", "P0 readpipe q3", "P0 readpipe q3",
                "P0 readpipe q3"))
                .endsWith("ok v=1 min=0 maj=0", "ok v=9 min=0 maj=0", "EAGAIN min=0 maj=0");
    }

    @Test
    void aFullPipeTakesNoMore() {
        String[] ops = new String[18];
        Arrays.fill(ops, "P0 vmsplice A 0 -> q0");
        ops[0] = "P0 mmap A pages=1";
        assertThat(results(ops)).endsWith("ok n=4096 min=0 maj=0", "EAGAIN min=0 maj=0");
    }

    @Test
    void vmspliceOfWhatCannotBeReadFails() {
        assertThat(
                results("P0 mmap A pages=1 prot=none", "P0 vmsplice A 0 -> q0", "P0 munmap A", "P0 vmsplice A 0 -> q0"))
                .containsExactly("ok min=0 maj=0", "EFAULT min=0 maj=0", "ok min=0 maj=0", "EFAULT min=0 maj=0");
    }

    @Test
    void signalsOfARangeNameItsFirstBadPage() {
        assertThat(results("P0 mmap A pages=4", "P0 mprotect A 2 3 r", "P0 munmap A 3 4", "P0 touchrange A 1 4 5",
                "P0 readrange A", "P0 touchrange A 0 1")).endsWith("SIGSEGV/ACCERR at=+1 min=1 maj=0",
                        "SIGSEGV/MAPERR at=+3 min=2 maj=0", "ok min=1 maj=0");
    }

    @Test
    void populateFaultsTheWholeRangeIn() {
        assertThat(results("P0 mmap A pages=5 populate", "P0 mmap B pages=5 prot=r populate", "P0 touchrange A",
                "P0 readrange B")).containsExactly("ok min=5 maj=0", "ok min=5 maj=0", "ok min=0 maj=0",
                        "ok v=0,0,0,0,0 min=0 maj=0");
    }

    @Test
    void smapsDividesSharedPagesAmongTheirMappers() {
        String text = text(CLASSIC, TlbPolicy.NONE, "P0 mmap A pages=3 noreserve", "P0 touchrange A", "P0 fork P1",
                "P0 fork P2", "P2 write A+0 1", "smaps");
        assertThat(text).contains("P0 vma A+0..A+3 rw-p nr rss=12 pss=4 anon=12 ").contains("shared=12 private=0\n")
                .contains("P2 vma A+0..A+3 rw-p nr rss=12 pss=6 anon=12 ").contains("shared=8 private=4\n");
    }

    @Test
    void aFramesNumberIsNotUsedAgainAfterItWasFreed() {
        String text = text(CLASSIC, TlbPolicy.NONE, "P0 mmap A pages=1", "P0 write A+0 1", "P0 madvise A dontneed",
                "P0 write A+0 1", "P0 munmap A", "P0 mmap A pages=1", "P0 write A+0 1", "observe");
        assertThat(text).contains("A+0 present pfn=#3 ");
    }

    @Test
    void whatIsNotEmulatedIsRefusedAndTheLastLine() {
        assertThat(results("P0 mmap A pages=1", "P0 mmap B pages=1 file=F", "P0 write A+0 1"))
                .containsExactly("ok min=0 maj=0", "UNSUPPORTED (files)");
        assertThat(results("P0 mmap A pages=1", "P0 madvise A collapse")).endsWith("UNSUPPORTED (madvise collapse)");
        assertThat(results("ksm")).containsExactly("UNSUPPORTED (ksm)");
        assertThat(run(CLASSIC, TlbPolicy.NONE, "ksm").unsupported()).isTrue();
    }

    @Test
    void whatADesignRefusesIsUnsupported() {
        Design refusing = FaultyDesigns.refusingGup();
        assertThat(text(refusing, TlbPolicy.NONE, "P0 mmap A pages=1", "P0 pin A", "P0 read A+0"))
                .isEqualTo("1| P0 mmap A pages=1 => ok min=0 maj=0\n2| P0 pin A => UNSUPPORTED (no pins today)\n");
    }

    @Test
    void aLeakedPinIsReported() {
        LitmusResult result = run(FaultyDesigns.forgettingUnpin(), TlbPolicy.NONE, "P0 mmap A pages=1", "P0 pin A",
                "P0 unpin A");
        assertThat(result.sound()).isFalse();
        assertThat(result.violations()).anySatisfy(what -> assertThat(what).contains("1 frames have leaked"));
        assertThat(result.text()).contains("\n!! invariant ");
    }

    @Test
    void aBrokenInvariantStopsTheRunAtItsOperationWhenEachIsChecked() {
        LitmusResult result = LitmusRunner.run(LitmusParser.parse("t.txt",
                "P0 mmap A pages=1\nP0 pin A\nP0 unpin A\nP0 read A+0\n"), FaultyDesigns.forgettingUnpin(),
                new RunOptions(TlbPolicy.NONE, true));
        assertThat(result.violations()).isNotEmpty();
        assertThat(result.text()).contains("3| P0 unpin A => ok").doesNotContain("4|");
    }

    @Test
    void anExceptionInTheKernelIsAViolation() {
        LitmusResult result = run(FaultyDesigns.dyingGup(), TlbPolicy.NONE, "P0 mmap A pages=1", "P0 pin A", "observe");
        assertThat(result.violations()).containsExactly("died: java.lang.IllegalStateException: planted");
    }

    @Test
    void aForkWithoutMemoryFailsAndLeavesNoChild() {
        var scenario =
                LitmusParser.parse("t.txt", "P0 mmap A pages=1\nP0 write A+0 1\nP0 fork P1\nP1 read A+0\nobserve\n");
        LitmusSession session = new LitmusSession(scenario, CLASSIC, TlbPolicy.NONE);
        session.perform(scenario.ops().get(0));
        session.perform(scenario.ops().get(1));
        session.kernel().failures().failAllAfter(1);
        assertThat(session.perform(scenario.ops().get(2))).isEqualTo("3| P0 fork P1 => ENOMEM\n");
        session.kernel().failures().off();
        assertThat(session.perform(scenario.ops().get(3))).isEqualTo("4| P1 read A+0 => DEAD-PROCESS\n");
        assertThat(session.perform(scenario.ops().get(4))).doesNotContain("P1");
        assertThat(session.violations()).isEmpty();
        assertThat(session.shutDown()).isEmpty();
    }

    @Test
    void aStoreWithoutMemoryIsEnomem() {
        var scenario = LitmusParser.parse("t.txt", "P0 mmap A pages=2\nP0 write A+0 1\nP0 touchrange A\n");
        LitmusSession session = new LitmusSession(scenario, CLASSIC, TlbPolicy.NONE);
        session.perform(scenario.ops().get(0));
        session.kernel().failures().failAllAfter(0);
        assertThat(session.perform(scenario.ops().get(1))).isEqualTo("2| P0 write A+0 1 => ENOMEM min=0 maj=0\n");
        session.kernel().failures().off();
        assertThat(session.perform(scenario.ops().get(2))).contains(" => ok min=2 ");
        assertThat(session.shutDown()).isEmpty();
    }

    @Test
    void theBaseImageIsNeverShown() {
        assertThat(text(CLASSIC, TlbPolicy.NONE, "P0 mmap A pages=1", "P0 munmap A", "vmas", "smaps", "observe"))
                .endsWith("3| vmas => \n4| smaps => \n5| observe => \n  P0 vmpte=+0kB\n  P0 A novma\n");
    }

    private static LitmusResult run(Design design, TlbPolicy tlbPolicy, String... ops) {
        return LitmusRunner.run(LitmusParser.parse("t.txt", String.join("\n", ops)), design,
                new RunOptions(tlbPolicy, false));
    }

    private static String text(Design design, TlbPolicy tlbPolicy, String... ops) {
        return run(design, tlbPolicy, ops).text();
    }

    private static String[] results(String... ops) {
        LitmusResult result = LitmusRunner.run(LitmusParser.parse("t.txt", String.join("\n", ops)), CLASSIC,
                new RunOptions(TlbPolicy.NONE, true));
        assertThat(result.violations()).isEmpty();
        return result.text().lines().map(line -> line.substring(line.indexOf(" => ") + 4)).toArray(String[]::new);
    }
}
