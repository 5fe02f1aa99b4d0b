package dev.cowtable.mm.fault;

import static dev.cowtable.mm.MmLab.RO;
import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.filemap.AddressSpace;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a user program gets to see: bytes or signals. */
class UserAccessTest {
    private final MmLab lab = new MmLab();

    @AfterEach
    void everyInvariantHolds() {
        lab.assertConsistent();
    }

    @Test
    void addressWithoutAMappingIsAMapError() {
        lab.map(0, 2, RW);
        assertThat(lab.faultOfRead(lab.mm, 2)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(lab.faultOfWrite(lab.mm, 2, 1)).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(lab.count(Counter.FAULT_SIGNAL)).isEqualTo(2);
        assertThat(lab.count(Counter.FAULT_MINOR)).isZero();
    }

    @Test
    void mappingWithoutRightsIsAnAccessError() {
        lab.map(0, 2, 0);
        assertThat(lab.faultOfRead(lab.mm, 0)).isEqualTo(UserFault.SEGV_ACCERR);
        assertThat(lab.faultOfWrite(lab.mm, 0, 1)).isEqualTo(UserFault.SEGV_ACCERR);
    }

    @Test
    void writeToAReadOnlyMappingIsAnAccessErrorBeforeAndAfterItIsPopulated() {
        lab.map(0, 2, RO);
        assertThat(lab.faultOfWrite(lab.mm, 0, 1)).isEqualTo(UserFault.SEGV_ACCERR);
        assertThat(lab.read(0)).isZero();
        assertThat(lab.faultOfWrite(lab.mm, 0, 1)).isEqualTo(UserFault.SEGV_ACCERR);
    }

    @Test
    void fileWithoutContentsIsABusError() {
        lab.mapFlags(0, 2, RO | VmFlags.MAY_FLAGS, new AddressSpace("lib", false), 0);
        assertThat(lab.faultOfRead(lab.mm, 0)).isEqualTo(UserFault.BUS_ADRERR);
    }

    @Test
    void shortageIsReportedAndTheNextTrySucceeds() {
        lab.map(0, 2, RW);
        lab.kernel.failures().failAllAfter(0);
        assertThat(lab.faultOfWrite(lab.mm, 0, 1)).isEqualTo(UserFault.OOM);
        lab.kernel.failures().off();
        lab.write(0, 5);
        assertThat(lab.read(0)).isEqualTo(5);
    }

    @Test
    void firstWriteIsOneFaultAndTheNextOnesAreNone() {
        lab.map(0, 2, RW);
        lab.write(0, 1);
        lab.write(0, 2);
        assertThat(lab.read(0)).isEqualTo(2);
        assertThat(lab.count(Counter.FAULT_MINOR)).isEqualTo(1);
    }

    @Test
    void cpuThatChangesProcessesSeesEachOnesBytes() {
        lab.map(0, 2, RW);
        lab.write(0, 1);
        MmStruct other = lab.newMm();
        lab.map(other, 0, 2, RW);
        lab.write(other, 0, 2);
        assertThat(lab.read(0)).isEqualTo(1);
        assertThat(lab.read(other, 0)).isEqualTo(2);
    }

    @Test
    void copyIsSeenByTheOtherCpuAtOnce() {
        Cpu other = lab.kernel.machine().cpu(1);
        lab.map(0, 2, RW);
        lab.write(0, 7);
        MmStruct child = lab.fork(lab.mm);
        assertThat(lab.kernel.userAccess().readByte(other, lab.mm, at(0))).isEqualTo(7);
        lab.write(0, 8);
        assertThat(lab.kernel.userAccess().readByte(other, lab.mm, at(0))).isEqualTo(8);
        assertThat(lab.read(child, 0)).isEqualTo(7);
    }
}
