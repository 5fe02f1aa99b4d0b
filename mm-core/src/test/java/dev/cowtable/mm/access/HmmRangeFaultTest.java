package dev.cowtable.mm.access;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.numa.NumaHints;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** hmm_range_fault(): what a device that mirrors an address space is told of each page. */
class HmmRangeFaultTest {
    private static final long READABLE = HmmRange.VALID;
    private static final long WRITABLE = HmmRange.VALID | HmmRange.WRITE;
    private static final long FOR_WRITING = HmmRange.REQ_FAULT | HmmRange.REQ_WRITE;

    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    private int mirror(MmStruct mm, long first, long[] words, long asked) {
        mm.mmapLock().downRead(lab.cpu);
        int error = new HmmRangeFault(lab.kernel).hmmRangeFault(lab.cpu, new HmmRange(mm, at(first), words, asked));
        mm.mmapLock().upRead(lab.cpu);
        return error;
    }

    private int mirror(long first, long[] words, long asked) {
        return mirror(lab.mm, first, words, asked);
    }

    @Test
    void whatIsThereIsToldAndNothingIsFaultedInUnasked() {
        lab.map(0, 4, RW);
        lab.write(0, 7);
        lab.read(1);
        long faults = lab.count(Counter.FAULT_MINOR);
        long[] words = new long[5];
        assertThat(mirror(0, words, 0)).isZero();
        assertThat(words).containsExactly(WRITABLE | lab.pfn(0), READABLE | lab.kernel.zeroPfn(), 0, 0, HmmRange.ERROR);
        assertThat(HmmRange.pfn(words[0])).isEqualTo(lab.pfn(0));
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(faults);
    }

    @Test
    void pagesAskedForAreFaultedInAndTheRestOfTheirTableWithThem() {
        lab.map(510, 516, RW);
        long[] words = {0, HmmRange.REQ_FAULT, 0, 0, FOR_WRITING, 0};
        assertThat(mirror(510, words, 0)).isZero();
        assertThat(words).containsExactly(0, READABLE | lab.kernel.zeroPfn(), 0, 0, WRITABLE | lab.pfn(514),
                WRITABLE | lab.pfn(515));
    }

    @Test
    void holeOrUnreadableMappingIsAnErrorAndAskedForEfault() {
        lab.map(0, 1, RW);
        lab.map(2, 3, 0);
        long[] words = new long[3];
        assertThat(mirror(0, words, 0)).isZero();
        assertThat(words).containsExactly(0, HmmRange.ERROR, HmmRange.ERROR);
        assertThat(mirror(1, new long[] {HmmRange.REQ_FAULT}, 0)).isEqualTo(Errno.EFAULT.code());
        assertThat(mirror(2, new long[] {0}, HmmRange.REQ_FAULT)).isEqualTo(Errno.EFAULT.code());
    }

    @Test
    void rightToWriteOfAReadOnlyMappingIsEperm() {
        lab.map(0, 1, RO);
        assertThat(mirror(0, new long[1], FOR_WRITING)).isEqualTo(Errno.EPERM.code());
        long[] words = new long[1];
        assertThat(mirror(0, words, HmmRange.REQ_FAULT)).isZero();
        assertThat(words).containsExactly(READABLE | lab.kernel.zeroPfn());
    }

    @Test
    void faultWithoutMemoryIsEfault() {
        lab.map(0, 1, RW);
        lab.kernel.failures().failAllAfter(0);
        assertThat(mirror(0, new long[1], FOR_WRITING)).isEqualTo(Errno.EFAULT.code());
        lab.kernel.failures().off();
    }

    @Test
    void pageOfTwoProcessesIsReadableUntilItIsAskedForToWrite() {
        MmStruct child = lab.writeAndFork();
        long common = lab.pfn(0);
        long[] words = new long[1];
        assertThat(mirror(child, 0, words, HmmRange.REQ_FAULT)).isZero();
        assertThat(words).containsExactly(READABLE | common);
        words[0] = FOR_WRITING;
        assertThat(mirror(child, 0, words, 0)).isZero();
        assertThat(words).containsExactly(WRITABLE | lab.pfn(child, 0));
        assertThat(lab.pfn(0)).isEqualTo(common).isNotEqualTo(lab.pfn(child, 0));
    }

    @Test
    void hintIsNoRightUntilItIsFaulted() {
        lab.map(0, 1, RW);
        lab.write(0, 7);
        lab.mm.mmapLock().downRead(lab.cpu);
        new NumaHints(lab.kernel).changeProtNuma(lab.cpu, lab.vma(0), at(0), at(1));
        lab.mm.mmapLock().upRead(lab.cpu);
        assertThat(Pte.isProtnone(lab.pte(0))).isTrue();
        long[] words = new long[1];
        assertThat(mirror(0, words, 0)).isZero();
        assertThat(words).containsExactly(0);
        assertThat(mirror(0, words, HmmRange.REQ_FAULT)).isZero();
        assertThat(words).containsExactly(WRITABLE | lab.pfn(0));
    }
}
