package dev.cowtable.suite.property;

import static dev.cowtable.suite.property.TestDesigns.CLASSIC;
import static dev.cowtable.suite.property.TestDesigns.RELAXED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.swap.SwapInfo;
import dev.cowtable.mm.vma.Advice;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The holes of the published series v5 (dossier, 1.7), each open in a variant and closed in the design; those of order are in
 * {@link SeriesOrderHolesTest}.
 *
 * <pre>
 *  #  hole                                      variant                      what catches it
 *  1  share dropped before the flush            SHARE_DROPPED_BEFORE_FLUSH   P reads a byte that C wrote
 *  2  zero page into the shared table           ZERO_PAGE_INTO_SHARED_TABLE  I5: C reaches an entry without a VMA
 *  3  WIPEONFORK neighbour shared               WIPEONFORK_SHARED            C reads P's secret
 *  4  uffd-wp of both sides                     needs userfaultfd            -
 *  5  live entry set, not edited                ENTRY_SET_AND_NOT_EDITED     D lost: reclaim drops what P wrote
 *     D of a shared file page cleared           DIRTY_BIT_CLEARED            reclaim drops what P wrote
 *  6  shared although a count failed            SHARED_AFTER_A_PREFIX        I1: swap slot counted once, named twice
 *  7  failed fallback leaves the prefix         PREFIX_LEAKED                I1: frame counted twice, mapped once
 *  8  zap goes on after a failed break          ZAP_GOES_ON                  the other reads 0
 *  9  full batch not flushed                    batchNotFlushed              the batch overflows
 * 10  break writes write_protect_seq            BREAK_WRITES_SEQ             a second writer in the section
 * 11  PMD entry not compared under the lock     lockOfAnOldTable             a write of P is lost; I8
 * 12  exit copies tables to clear them          BROKEN_AT_EXIT               an allocation in exit
 * 13  shared before later VMAs are duplicated   sharedWithTheFirstVma        reclaim does not find the child's mapping
 * 14  OOM killer for a break in reclaim         killsForABreak               lock order: exit within an rmap walk
 * 15  mprotect half done                        MPROTECT_NOT_TOLD            VMA changed, entries not
 * </pre>
 */
@Timeout(60)
class SeriesHolesTest {
    private static final int TABLES = 17;

    /** The result of the last line. */
    private static String last(Design design, String... lines) {
        return lastAfterFailure(design, -1, failures -> {}, lines);
    }

    /** The same where allocations of one line fail. */
    private static String lastAfterFailure(Design design, int failing, Consumer<FailureInjection> failure,
            String... lines) {
        Program program = Program.of(lines);
        LitmusSession session = new LitmusSession(program.scenario(), design, TlbPolicy.ADVERSARIAL);
        String result = "";
        List<Op> ops = program.scenario().ops();
        for (int i = 0; i < ops.size(); i++) {
            if (i == failing) {
                failure.accept(session.kernel().failures());
            }
            result = Injection.result(session.perform(ops.get(i)));
            session.kernel().failures().off();
        }
        return result;
    }

    // ---------------------------------------------------------------- 1 to 3

    @Test
    void hole1ShareDroppedBeforeTheFlush() {
        assertThat(BreakOrderTest.readByOtherThread(RELAXED)).isEqualTo(BreakOrderTest.OLD);
        assertThat(BreakOrderTest.readByOtherThread(PlantedBugs.SHARE_DROPPED_BEFORE_FLUSH))
                .isEqualTo(BreakOrderTest.SECRET);
    }

    @Test
    void hole2ZeroPageIntoTheSharedTable() {
        Program program = Program.of("P0 mmap A pages=1 at=0x200000000", "P0 write A+0 1", "P0 fork P1",
                "P0 mmap B pages=1 at=0x200008000", "P0 read B+0");
        assertThat(DesignComparison.run(program, CLASSIC, RELAXED, TlbPolicy.NONE)).isNull();
        Difference found =
                DesignComparison.run(program, CLASSIC, PlantedBugs.ZERO_PAGE_INTO_SHARED_TABLE, TlbPolicy.NONE);
        assertThat(Objects.requireNonNull(found).text()).contains("I5", "without a VMA");
    }

    @Test
    void hole3WipeonforkNeighbourShared() {
        String[] lines = {"P0 mmap A pages=2", "P0 touchrange A 0 2 7", "P0 madvise A 0 1 wipeonfork", "P0 fork P1",
                "P1 read A+0"};
        assertThat(last(CLASSIC, lines)).isEqualTo(last(RELAXED, lines)).isEqualTo("ok v=0");
        assertThat(last(PlantedBugs.WIPEONFORK_SHARED, lines)).isEqualTo("ok v=7");
    }

    // ---------------------------------------------------------------- 5 to 7: fork

    /** P has freed a page lazily; while fork prepares its entry, P's other thread writes to it again. */
    private static long readAfterWriteDuringFork(Design design) {
        AtStep executor = new AtStep();
        Lab lab = new Lab(design, executor);
        lab.write(0, lab.parent, 0, 1);
        lab.kernel.memoryMap().madvise(lab.cpu(0), lab.parent, Lab.page(0), 4096, Advice.FREE);
        long pfn = Pte.pfn(lab.pte(lab.parent, 0));
        executor.once((cpu, kind, where) -> cpu.id() == 0 && kind == Step.COUNT && where == pfn,
                () -> lab.write(2, lab.parent, 0, 42));
        lab.fork();
        assertThat(executor.hasActed()).isTrue();
        PressureComparison.reclaim(lab.kernel, pfn);
        return lab.read(0, lab.parent, 0);
    }

    @Test
    void hole5DirtyBitLostWhenALiveEntryIsSet() {
        assertThat(readAfterWriteDuringFork(RELAXED)).isEqualTo(42);
        assertThat(readAfterWriteDuringFork(SeriesForkHoles.ENTRY_SET_AND_NOT_EDITED)).isZero();
    }

    /** A page of shared memory that only its entry knows to be dirty lies in a table of private pages. */
    private static long readOfSharedMemoryAfterFork(Design design) {
        Lab lab = new Lab(design);
        int page = 16;
        lab.kernel.memoryMap().mmapShared(lab.cpu(0), lab.parent, Lab.page(page), 4096, VmFlags.READ | VmFlags.WRITE,
                false);
        lab.read(0, lab.parent, page);
        lab.write(0, lab.parent, page, 42);
        long pfn = Pte.pfn(lab.pte(lab.parent, page));
        lab.kernel.swap().swapon(lab.cpu(0), SwapInfo.Kind.ZRAM);
        lab.fork();
        assertThat(PressureComparison.reclaim(lab.kernel, pfn)).isEqualTo("1 freed");
        return lab.read(0, lab.parent, page);
    }

    @Test
    void hole5DirtyBitOfASharedFilePageCleared() {
        assertThat(readOfSharedMemoryAfterFork(RELAXED)).isEqualTo(42);
        assertThat(readOfSharedMemoryAfterFork(SeriesForkHoles.DIRTY_BIT_CLEARED)).isZero();
    }

    @Test
    void hole6SharedAlthoughASwapCountCouldNotGrow() {
        long attempts = SwapEntriesTest.attemptsOfFork(SwapEntriesTest.filled(RELAXED, 3));
        assertThat(SwapEntriesTest.forkFails(SwapEntriesTest.filled(RELAXED, 3), attempts)).isTrue();
        Lab lab = SwapEntriesTest.filled(SeriesForkHoles.SHARED_AFTER_A_PREFIX, 3);
        assertThat(SwapEntriesTest.forkFails(lab, attempts)).isFalse();
        assertThat(lab.violations()).anyMatch(text -> text.startsWith("I1 swap slot 5 has count 1 and 2"));
    }

    @Test
    void hole7PrefixLeakedByAFallbackWithoutMemory() {
        Program program = Program.of("P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 pin A 2 3", "P0 fork P1");
        assertThat(new Injection(RELAXED, program.scenario()).run()).isPositive();
        assertThat(DesignComparison.run(program, CLASSIC, SeriesForkHoles.PREFIX_LEAKED, TlbPolicy.NONE)).isNull();
        assertThatThrownBy(() -> new Injection(SeriesForkHoles.PREFIX_LEAKED, program.scenario()).run())
                .isInstanceOf(AssertionError.class).hasMessageContaining("I1 frame");
    }

    // ---------------------------------------------------------------- 8, 9, 12: unmapping

    @Test
    void hole8ZapGoesOnAfterAFailedBreak() {
        String[] lines = {"P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 fork P1", "P1 madvise A 1 2 dontneed",
                "P0 read A+1"};
        Consumer<FailureInjection> once = failures -> failures.failOnceAfter(0);
        assertThat(lastAfterFailure(RELAXED, 3, once, lines)).isEqualTo("ok v=1");
        assertThat(lastAfterFailure(SeriesBreakHoles.ZAP_GOES_ON, 3, once, lines)).isEqualTo("ok v=0");
    }

    @Test
    void hole9FullBatchNotFlushed() {
        assertThat(exitOfManyTables(RELAXED).violations()).isEmpty();
        assertThatThrownBy(() -> exitOfManyTables(SeriesBreakHoles.batchNotFlushed(TABLES + 1)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("overflows");
    }

    private static Lab exitOfManyTables(Design design) {
        Lab lab = new Lab(design);
        long start = Lab.AREA_VADDR * 2;
        lab.kernel.memoryMap().mmapAnonymous(lab.cpu(0), lab.parent, start, TABLES * 512 * 4096L,
                VmFlags.READ | VmFlags.WRITE, false);
        for (long page = 0; page < TABLES * 512; page++) {
            lab.kernel.userAccess().writeByte(lab.cpu(0), lab.parent, start + page * 4096, 1);
        }
        lab.kernel.exitMmap(lab.cpu(0), lab.fork());
        return lab;
    }

    @Test
    void hole12ExitCopiesTablesOnlyToClearThem() {
        assertThat(allocationsOfExit(RELAXED)).isZero();
        assertThat(allocationsOfExit(SeriesBreakHoles.BROKEN_AT_EXIT)).isEqualTo(1);
    }

    /** The child shares one table through three VMAs. */
    private static long allocationsOfExit(Design design) {
        Lab lab = new Lab(design);
        neighbour(lab, 16, VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC);
        neighbour(lab, 32, VmFlags.READ | VmFlags.WRITE);
        MmStruct child = lab.fork();
        long before = lab.kernel.failures().attempts();
        lab.kernel.exitMmap(lab.cpu(0), child);
        assertThat(lab.violations()).isEmpty();
        return lab.kernel.failures().attempts() - before;
    }

    static long neighbour(Lab lab, int page, long prot) {
        lab.kernel.memoryMap().mmapAnonymous(lab.cpu(0), lab.parent, Lab.page(page), 4096, prot, false);
        lab.write(0, lab.parent, page, 1);
        return Pte.pfn(lab.pte(lab.parent, page));
    }

    // ---------------------------------------------------------------- 15: mprotect

    @Test
    void hole15MprotectIsHalfDone() {
        String[] lines = {"P0 mmap A pages=4", "P0 touchrange A 0 4 1", "P0 fork P1", "P1 mprotect A 1 2 none"};
        Consumer<FailureInjection> all = failures -> failures.failAllAfter(0);
        assertThat(lastAfterFailure(RELAXED, 3, all, lines)).isEqualTo("ENOMEM");
        assertThatThrownBy(() -> lastAfterFailure(SeriesBreakHoles.MPROTECT_NOT_TOLD, 3, all, lines))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("became shared during mprotect");
    }
}
