package dev.cowtable.suite.litmus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class LitmusParserTest {
    private static final Area A = new Area("A", 0x200000000L, 4);
    private static final PageRange WHOLE = A.whole();
    private static final PageRange PART = new PageRange(A, 1, 3);
    private static final PageRef PAGE = new PageRef(A, 2);

    /** The operation of {@code line} in a scenario with area A of 4 pages and processes P0 and P1. */
    private static Op op(String line) {
        return parse(line).ops().getLast();
    }

    private static Scenario parse(String lines) {
        return LitmusParser.parse("t/x.txt", "# about\nfile F pages=2 tmp\nP0 mmap A pages=4\nP0 fork P1\n" + lines);
    }

    private static Op.Source src(String text) {
        return new Op.Source(3, 5, text);
    }

    @Test
    void operationsOnTheWorldAreRead() {
        assertThat(op("swap zram")).isEqualTo(new Op.Swap(src("swap zram"), SwapKind.ZRAM));
        assertThat(op("truncate F 3")).isEqualTo(new Op.Truncate(src("truncate F 3"), "F", 3));
        assertThat(op("punch F 0 1")).isEqualTo(new Op.Punch(src("punch F 0 1"), "F", 0, 1));
        assertThat(op("fwrite F 1 9")).isEqualTo(new Op.Fwrite(src("fwrite F 1 9"), "F", 1, 9));
        assertThat(op("fread F 1")).isEqualTo(new Op.Fread(src("fread F 1"), "F", 1));
        assertThat(op("ksm")).isEqualTo(new Op.Ksm(src("ksm"), 12));
        assertThat(op("ksm 3")).isEqualTo(new Op.Ksm(src("ksm 3"), 3));
        assertThat(op("drain")).isEqualTo(new Op.Drain(src("drain")));
        assertThat(op("sleep 20")).isEqualTo(new Op.Sleep(src("sleep 20"), 20));
        assertThat(op("vmas")).isEqualTo(new Op.Vmas(src("vmas")));
        assertThat(op("smaps")).isEqualTo(new Op.Smaps(src("smaps")));
    }

    @Test
    void observeTakesAllAreasOneAreaOrARange() {
        assertThat(op("observe")).isEqualTo(new Op.Observe(src("observe"), null));
        assertThat(op("observe A")).isEqualTo(new Op.Observe(src("observe A"), WHOLE));
        assertThat(op("observe A 1 3")).isEqualTo(new Op.Observe(src("observe A 1 3"), PART));
    }

    @Test
    void processOperationsAreRead() {
        assertThat(op("P1 fork P12")).isEqualTo(new Op.Fork(src("P1 fork P12"), 1, 12));
        assertThat(op("P1 exit")).isEqualTo(new Op.Exit(src("P1 exit"), 1));
        assertThat(op("P1 kill")).isEqualTo(new Op.Kill(src("P1 kill"), 1));
        assertThat(op("P1 crash")).isEqualTo(new Op.Crash(src("P1 crash"), 1));
        assertThat(op("P1 cpu -1")).isEqualTo(new Op.Cpu(src("P1 cpu -1"), 1, -1));
        assertThat(op("P1 cpu 1")).isEqualTo(new Op.Cpu(src("P1 cpu 1"), 1, 1));
    }

    @Test
    void accessesAreRead() {
        assertThat(op("P0 write A+2 255")).isEqualTo(new Op.Write(src("P0 write A+2 255"), 0, PAGE, 255));
        assertThat(op("P0 read A+2")).isEqualTo(new Op.Read(src("P0 read A+2"), 0, PAGE));
        assertThat(op("P0 readrange A")).isEqualTo(new Op.ReadRange(src("P0 readrange A"), 0, WHOLE));
        assertThat(op("P0 touchrange A 1 3"))
                .isEqualTo(new Op.TouchRange(src("P0 touchrange A 1 3"), 0, PART, OptionalInt.empty()));
        assertThat(op("P0 touchrange A 1 3 8"))
                .isEqualTo(new Op.TouchRange(src("P0 touchrange A 1 3 8"), 0, PART, OptionalInt.of(8)));
        assertThat(op("P0 touchrange A 8"))
                .isEqualTo(new Op.TouchRange(src("P0 touchrange A 8"), 0, WHOLE, OptionalInt.of(8)));
    }

    @Test
    void rangeOperationsAreRead() {
        assertThat(op("P0 mprotect A r")).isEqualTo(new Op.Mprotect(src("P0 mprotect A r"), 0, WHOLE, Prot.R));
        assertThat(op("P0 munmap A 1 3")).isEqualTo(new Op.Munmap(src("P0 munmap A 1 3"), 0, PART));
        assertThat(op("P0 pmadvise P1 A 1 3 cold"))
                .isEqualTo(new Op.Pmadvise(src("P0 pmadvise P1 A 1 3 cold"), 0, 1, PART, Advice.COLD));
        assertThat(op("P0 mlock A 1 3 onfault"))
                .isEqualTo(new Op.Mlock(src("P0 mlock A 1 3 onfault"), 0, PART, true));
        assertThat(op("P0 mlock A")).isEqualTo(new Op.Mlock(src("P0 mlock A"), 0, WHOLE, false));
        assertThat(op("P0 munlock A")).isEqualTo(new Op.Munlock(src("P0 munlock A"), 0, WHOLE));
        assertThat(op("P0 mincore A")).isEqualTo(new Op.Mincore(src("P0 mincore A"), 0, WHOLE));
        assertThat(op("P0 pin A 1 3")).isEqualTo(new Op.Pin(src("P0 pin A 1 3"), 0, PART));
        assertThat(op("P0 unpin A")).isEqualTo(new Op.Unpin(src("P0 unpin A"), 0, WHOLE));
    }

    @ParameterizedTest
    @EnumSource
    void everyAdviceIsRead(Advice advice) {
        String line = "P0 madvise A 1 3 " + advice.word();
        assertThat(op(line)).isEqualTo(new Op.Madvise(src(line), 0, PART, advice));
    }

    @ParameterizedTest
    @EnumSource
    void everyProtectionIsRead(Prot prot) {
        String line = "P0 mprotect A 1 3 " + prot.word();
        assertThat(op(line)).isEqualTo(new Op.Mprotect(src(line), 0, PART, prot));
    }

    @Test
    void pageReferencesAreRead() {
        assertThat(op("P0 vmsplice A 2 -> q7")).isEqualTo(new Op.Vmsplice(src("P0 vmsplice A 2 -> q7"), 0, PAGE, 7));
        assertThat(op("P0 readpipe q0")).isEqualTo(new Op.ReadPipe(src("P0 readpipe q0"), 0, 0));
        assertThat(op("P0 odread A+2")).isEqualTo(new Op.OdRead(src("P0 odread A+2"), 0, PAGE, 0));
        assertThat(op("P0 odwrite A+2 5")).isEqualTo(new Op.OdWrite(src("P0 odwrite A+2 5"), 0, PAGE, 5));
        assertThat(op("P0 memwrite P1 A+2 5"))
                .isEqualTo(new Op.MemWrite(src("P0 memwrite P1 A+2 5"), 0, 1, PAGE, 5));
        assertThat(op("P0 memread P1 A+2")).isEqualTo(new Op.MemRead(src("P0 memread P1 A+2"), 0, 1, PAGE));
        assertThat(op("P0 pvmwrite P1 A+2 5"))
                .isEqualTo(new Op.PvmWrite(src("P0 pvmwrite P1 A+2 5"), 0, 1, PAGE, 5));
        assertThat(op("P0 pvmread P1 A+2")).isEqualTo(new Op.PvmRead(src("P0 pvmread P1 A+2"), 0, 1, PAGE));
    }

    @Test
    void userfaultfdOperationsAreRead() {
        assertThat(op("P0 uffd A missing wp"))
                .isEqualTo(new Op.Uffd(src("P0 uffd A missing wp"), 0, WHOLE, true, true, false));
        assertThat(op("P0 uffd A 1 3 wp unpopulated"))
                .isEqualTo(new Op.Uffd(src("P0 uffd A 1 3 wp unpopulated"), 0, PART, true, false, true));
        assertThat(op("P0 uffdwp A 1 3")).isEqualTo(new Op.UffdWp(src("P0 uffdwp A 1 3"), 0, PART));
        assertThat(op("P0 uffdunwp A")).isEqualTo(new Op.UffdUnwp(src("P0 uffdunwp A"), 0, WHOLE));
        assertThat(op("P0 uffdcopy A+2 5")).isEqualTo(new Op.UffdCopy(src("P0 uffdcopy A+2 5"), 0, PAGE, 5));
        assertThat(op("P0 uffdzero A 1 3")).isEqualTo(new Op.UffdZero(src("P0 uffdzero A 1 3"), 0, PART));
        assertThat(op("P0 uffdmove A 1 3 -> A+2"))
                .isEqualTo(new Op.UffdMove(src("P0 uffdmove A 1 3 -> A+2"), 0, PART, new PageRange(A, 2, 4)));
    }

    @Test
    void mmapReadsItsOptionsInAnyOrder() {
        String line = "P1 mmap B file=G locked pages=2 prot=rwx off=3 flags=shared at=0x10000000000 populate noreserve";
        assertThat(op(line)).isEqualTo(new Op.Mmap(src(line), 1, new PageRange(new Area("B", 1L << 40, 2), 0, 2),
                new Op.MapOptions(Prot.RWX, true, "G", 3, true, true, true)));
        assertThat(parse(line).files()).containsExactly(new FileSpec("F", 2, true), new FileSpec("G", 5, false));
        assertThat(op("P0 mmap B pages=1")).isInstanceOfSatisfying(Op.Mmap.class, mmap -> assertThat(mmap.options())
                .isEqualTo(new Op.MapOptions(Prot.RW, false, null, 0, false, false, false)));
    }

    @Test
    void mremapDefinesItsTargetOrLandsInsideAnArea() {
        Area b = new Area("B", 0x200400000L, 6);
        String line = "P0 mremap A 1 3 -> B pages=6 dontunmap";
        assertThat(op(line)).isEqualTo(new Op.Mremap(src(line), 0, PART, new PageRange(b, 0, 6), true));
        line = "P0 mremap A 1 3 -> A+2";
        assertThat(op(line)).isEqualTo(new Op.Mremap(src(line), 0, PART, new PageRange(A, 2, 4), false));
    }

    @Test
    void mremapInPlaceMakesTheAreaLongerButNeverShorter() {
        assertThat(op("P0 mremap A pages=7"))
                .isEqualTo(new Op.MremapInPlace(src("P0 mremap A pages=7"), 0, WHOLE, 7));
        assertThat(op("P0 mremap A pages=7\nP0 read A+6")).isInstanceOf(Op.Read.class);
        assertThat(parse("P0 mremap A pages=7").areasAt(3)).containsExactly(new Area("A", A.vaddr(), 7));
        assertThat(parse("P0 mremap A pages=2").areasAt(3)).containsExactly(A);
    }

    @Test
    void aNameMappedAgainKeepsItsAddressAndItsGreatestLength() {
        String lines = "P0 mmap B pages=1\nP0 munmap A\nP0 mmap A pages=6\nP0 mmap A pages=2\nP0 read A+5";
        Scenario scenario = parse(lines);
        assertThat(scenario.areasAt(4)).containsExactly(A, new Area("B", 0x200400000L, 1));
        assertThat(scenario.areasAt(7)).containsExactly(new Area("A", A.vaddr(), 6), new Area("B", 0x200400000L, 1));
        assertThat(scenario.ops().get(5)).isInstanceOfSatisfying(Op.Mmap.class,
                mmap -> assertThat(mmap.range().pages()).isEqualTo(2));
    }

    @Test
    void blanksAndCommentsAreLeftOutOfTheEcho() {
        assertThat(op("  P0\tread   A+2# why\r").src()).isEqualTo(src("P0 read A+2"));
    }

    @Test
    void filesAreNeitherCountedNorRun() {
        Scenario scenario = parse("");
        assertThat(scenario.ops()).hasSize(2);
        assertThat(scenario.name()).isEqualTo("x");
        assertThat(scenario.description()).isEqualTo("about");
        assertThat(scenario.files()).containsExactly(new FileSpec("F", 2, true));
    }

    @Test
    void onlyWhatAProcessDoesItselfReportsFaults() {
        assertThat(op("P0 munmap A").reportsFaults()).isTrue();
        assertThat(op("P0 cpu 1").reportsFaults()).isTrue();
        assertThat(op("P1 crash").reportsFaults()).isFalse();
        assertThat(op("P0 fork P2").reportsFaults()).isFalse();
        assertThat(op("fread F 0").reportsFaults()).isFalse();
    }
}
