package dev.cowtable.mm.vma;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What mprotect() does to VMAs, entries and TLBs; its merging is in {@link VmaMergeTest}. */
class MprotectTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    // ---------------------------------------------------------------- VMAs

    @Test
    void emptyRangeChangesNothing() {
        lab.map(0, 4, RW);
        assertThat(lab.mprotect(1, 1, RO)).isZero();
        assertThat(lab.picture(4)).isEqualTo("wwww");
    }

    // ww..ww -> rr..ww and ENOMEM
    @Test
    void holeEndsTheChangeAndIsReported() {
        lab.map(0, 2, RW);
        lab.map(4, 6, RW);
        assertThat(lab.mprotect(0, 6, RO)).isEqualTo(Errno.ENOMEM.code());
        assertThat(lab.picture(6)).isEqualTo("rr..ww");
    }

    @Test
    void chargeOfNeverWrittenMemoryIsGivenBack() {
        lab.mapCharged(0, 4, RW);
        assertThat(lab.vma(0).has(VmFlags.ACCOUNT)).isTrue();
        lab.mprotect(0, 4, RO);
        assertThat(lab.vma(0).has(VmFlags.ACCOUNT)).isFalse();
    }

    @Test
    void chargeOfWrittenMemoryStays() {
        lab.mapCharged(0, 4, RW);
        lab.write(0, 1);
        lab.mprotect(0, 4, RO);
        assertThat(lab.vma(0).has(VmFlags.ACCOUNT)).isTrue();
    }

    @Test
    void memoryIsChargedWhenItBecomesWritable() {
        lab.mapCharged(0, 4, RO);
        assertThat(lab.vma(0).has(VmFlags.ACCOUNT)).isFalse();
        lab.mprotect(0, 4, RW);
        assertThat(lab.vma(0).has(VmFlags.ACCOUNT)).isTrue();
    }

    @Test
    void unreservedMemoryIsNeverCharged() {
        lab.map(0, 4, RO);
        lab.mprotect(0, 4, RW);
        assertThat(lab.vma(0).has(VmFlags.ACCOUNT)).isFalse();
    }

    // AAAA|rrrr: the charge tells the two apart, so what was written does not join what was not
    @Test
    void differentChargesKeepVmasApart() {
        lab.mapCharged(0, 4, RW);
        lab.mapCharged(4, 8, RO);
        lab.write(0, 1);
        lab.mprotect(0, 4, RO);
        assertThat(lab.picture(8)).isEqualTo("rrrr|rrrr");
    }

    // ---------------------------------------------------------------- entries

    @Test
    void writeIsRefusedAndTheContentStays() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        lab.mprotect(0, 2, RO);
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
        assertThat(lab.faultOfWrite(lab.mm, 0, 8)).isEqualTo(UserFault.SEGV_ACCERR);
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void exclusivePageIsWritableAgainWithoutAFault() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        lab.mprotect(0, 2, RO);
        lab.mprotect(0, 2, RW);
        assertThat(Pte.isWritable(lab.pte(0))).isTrue();
        long faults = lab.count(Counter.FAULT_MINOR);
        lab.write(0, 8);
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(faults);
    }

    @Test
    void pageOfTwoProcessesStaysReadOnly() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        lab.mprotect(0, 2, RO);
        lab.mprotect(0, 2, RW);
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
        lab.write(0, 8);
        assertThat(lab.read(child, 0)).isEqualTo(7);
    }

    @Test
    void zeroPageStaysReadOnly() {
        lab.map(0, 2, RO);
        lab.read(0);
        lab.mprotect(0, 2, RW);
        assertThat(Pte.isSpecial(lab.pte(0))).isTrue();
        assertThat(Pte.isWritable(lab.pte(0))).isFalse();
        lab.write(0, 3);
        assertThat(lab.read(0)).isEqualTo(3);
    }

    @Test
    void pageWithoutRightsStaysAndComesBack() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        long pfn = lab.pfn(0);
        lab.mprotect(0, 2, 0);
        assertThat(lab.picture(2)).isEqualTo("--");
        assertThat(Pte.isProtnone(lab.pte(0))).isTrue();
        assertThat(lab.pfn(0)).isEqualTo(pfn);
        assertThat(lab.mm.rss(Rss.ANONPAGES)).isEqualTo(1);
        assertThat(lab.faultOfRead(lab.mm, 0)).isEqualTo(UserFault.SEGV_ACCERR);
        lab.mprotect(0, 2, RW);
        assertThat(lab.read(0)).isEqualTo(7);
    }

    @Test
    void onlyEntriesOfTheRangeChange() {
        lab.map(0, 4, RW);
        for (int page = 0; page < 4; page++) {
            lab.write(page, page);
        }
        lab.mprotect(1, 3, RO);
        assertThat(Pte.isWritable(lab.pte(0))).isTrue();
        assertThat(Pte.isWritable(lab.pte(1))).isFalse();
        assertThat(Pte.isWritable(lab.pte(2))).isFalse();
        assertThat(Pte.isWritable(lab.pte(3))).isTrue();
    }

    // ---------------------------------------------------------------- TLBs

    @Test
    void lostRightIsFlushedFromTheOtherCpu() {
        Cpu other = lab.kernel.machine().cpu(1);
        lab.map(0, 2, RW);
        lab.write(0, 7);
        lab.kernel.userAccess().writeByte(other, lab.mm, at(0), 8);
        long interrupts = lab.count(Counter.IPI);
        lab.mprotect(0, 2, RO);
        assertThat(lab.count(Counter.IPI)).isEqualTo(interrupts + 1);
        assertThat(UserAccess.faultOf(lab.kernel.userAccess().writeByte(other, lab.mm, at(0), 9)))
                .isEqualTo(UserFault.SEGV_ACCERR);
    }

    @Test
    void gainedRightIsNotFlushed() {
        lab.map(0, 2, RW);
        lab.write(0, 7);
        lab.mprotect(0, 2, RO);
        long flushes = lab.count(Counter.TLB_FLUSH);
        lab.mprotect(0, 2, RW);
        assertThat(lab.count(Counter.TLB_FLUSH)).isEqualTo(flushes);
    }

    @Test
    void unpopulatedRangeIsNotFlushed() {
        lab.map(0, 2, RW);
        lab.mprotect(0, 2, RO);
        assertThat(lab.count(Counter.TLB_FLUSH)).isZero();
    }
}
