package dev.cowtable.mmu.walk;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.CpuModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Page sizes, error codes and their priority. */
class PageWalkTest {
    private final Machine machine = Machine.builder().build();
    private final Cpu cpu = machine.cpu(0);
    private final PageTables tables = new PageTables(machine);

    PageWalkTest() {
        cpu.movToCr3(tables.root());
    }

    @Test
    void smallPageTakesTwelveOffsetBits() {
        tables.map(VADDR, 0x345, FULL);
        assertThat(cpu.translate(VADDR + 0xabc, Access.USER)).isEqualTo(0x34_5abc);
    }

    @Test
    void twoMebibytePageTakesTwentyOneOffsetBits() {
        tables.set(VADDR, 2, 0x4060_0000L | FULL | Entry.PS);
        assertThat(cpu.translate(VADDR + 0xabc, Access.USER)).isEqualTo(0x4060_6abcL);
    }

    @Test
    void gibibytePageTakesThirtyOffsetBits() {
        tables.set(VADDR, 3, 0x1_4000_0000L | FULL | Entry.PS);
        assertThat(cpu.translate(VADDR + 0xabc, Access.USER)).isEqualTo(0x1_40a0_6abcL);
    }

    @Test
    void bitTwelveOfALargeLeafIsNotAddress() {
        tables.set(VADDR, 2, 0x4060_0000L | FULL | Entry.PS | Entry.LARGE_PAT);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(0x4060_6000L);
    }

    @Test
    void bitSevenOfAPteIsNotPageSize() {
        tables.map(VADDR, 0x345, FULL | Entry.PAT);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(0x34_5000);
    }

    @Test
    void dataGoesThroughTheTranslation() {
        tables.map(VADDR, 0x345, FULL);
        assertThat(cpu.writeByte(VADDR + 5, Access.USER, 0x1ff)).isZero();
        assertThat(cpu.readByte(VADDR + 5, Access.USER)).isEqualTo(0xff);
        assertThat(machine.memory().read(0x34_5000)).isEqualTo(0xff00_0000_0000L);
        assertThat(cpu.writeWord(VADDR + 8, Access.READ, -2)).isZero();
        long[] word = new long[1];
        assertThat(cpu.readWord(VADDR + 8, Access.READ, word)).isZero();
        assertThat(word[0]).isEqualTo(-2);
    }

    @Test
    void notCanonicalIsGeneralProtectionAndLeavesCr2() {
        cpu.translate(0x1000, Access.READ);
        assertThat(cpu.translate(0x0000_8000_0000_0000L, Access.READ)).isEqualTo(Fault.GENERAL_PROTECTION);
        assertThat(cpu.cr2()).isEqualTo(0x1000);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void entryNotPresentAtAnyLevelFaultsWithoutPAndIgnoresTheOtherBits(int level) {
        tables.set(VADDR, level, -2L);
        Modes.executeDisable(cpu, false);
        assertThat(code(Access.WRITE | Access.USER)).isEqualTo(Fault.WRITE | Fault.USER);
        assertThat(cpu.cr2()).isEqualTo(VADDR + 3);
    }

    @Test
    void bitSevenOfAPml4eIsReserved() {
        tables.map(VADDR, 5, FULL);
        tables.set(VADDR, 4, tables.get(VADDR, 4) | Entry.PS);
        assertThat(code(Access.READ)).isEqualTo(Fault.PRESENT | Fault.RESERVED);
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 17, 20})
    void lowAddressBitsOfATwoMebibyteLeafAreReserved(int bit) {
        tables.set(VADDR, 2, FULL | Entry.PS | 1L << bit);
        assertThat(code(Access.WRITE)).isEqualTo(Fault.PRESENT | Fault.RESERVED | Fault.WRITE);
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 21, 29})
    void lowAddressBitsOfAGibibyteLeafAreReserved(int bit) {
        tables.set(VADDR, 3, FULL | Entry.PS | 1L << bit);
        assertThat(code(Access.USER)).isEqualTo(Fault.PRESENT | Fault.RESERVED | Fault.USER);
    }

    @Test
    void gibibyteLeafIsReservedOnACpuWithoutThem() {
        Machine old = Machine.builder().model(CpuModel.INTEL.withGigabytePages(false)).build();
        PageTables itsTables = new PageTables(old);
        itsTables.set(VADDR, 3, FULL | Entry.PS);
        old.cpu(0).movToCr3(itsTables.root());
        assertThat(old.cpu(0).translate(VADDR, Access.READ))
                .isEqualTo(Fault.pageFault(Fault.PRESENT | Fault.RESERVED));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void executeDisableBitIsReservedWithoutNxe(int level) {
        tables.map(VADDR, 5, FULL);
        tables.set(VADDR, level, tables.get(VADDR, level) | Entry.XD);
        assertThat(code(Access.READ)).isZero();
        assertThat(code(Access.FETCH)).isEqualTo(Fault.PRESENT | Fault.FETCH);
        Modes.executeDisable(cpu, false);
        assertThat(code(Access.FETCH)).isEqualTo(Fault.PRESENT | Fault.RESERVED);
    }

    @Test
    void changeOfNxeDropsCachedTranslations() {
        tables.map(VADDR, 5, FULL | Entry.XD);
        assertThat(code(Access.READ)).isZero();
        Modes.executeDisable(cpu, false);
        assertThat(code(Access.READ)).isEqualTo(Fault.PRESENT | Fault.RESERVED);
    }

    @Test
    void missingLowerEntryBeatsTheRightsOfAnUpperOne() {
        tables.set(VADDR, 1, 0);
        tables.set(VADDR, 4, tables.get(VADDR, 4) & ~(Entry.US | Entry.RW));
        assertThat(code(Access.USER | Access.WRITE)).isEqualTo(Fault.USER | Fault.WRITE);
    }

    @Test
    void reservedLowerBitBeatsTheRightsOfAnUpperEntry() {
        tables.set(VADDR, 2, FULL | Entry.PS | 1L << 13);
        tables.set(VADDR, 4, tables.get(VADDR, 4) & ~Entry.US);
        assertThat(code(Access.USER)).isEqualTo(Fault.PRESENT | Fault.RESERVED | Fault.USER);
    }

    @Test
    void fetchBitIsReportedOnlyWithNxe() {
        tables.map(VADDR, 5, Entry.P);
        assertThat(code(Access.USER | Access.FETCH)).isEqualTo(Fault.PRESENT | Fault.USER | Fault.FETCH);
        Modes.executeDisable(cpu, false);
        assertThat(code(Access.USER | Access.FETCH)).isEqualTo(Fault.PRESENT | Fault.USER);
    }

    @Test
    void changeOfWriteProtectActsOnCachedTranslations() {
        tables.map(VADDR, 5, Entry.P | Entry.D);
        Modes.writeProtect(cpu, false);
        assertThat(code(Access.WRITE)).isZero();
        Modes.writeProtect(cpu, true);
        assertThat(code(Access.WRITE)).isEqualTo(Fault.PRESENT | Fault.WRITE);
    }

    @Test
    void lowBitsOfCr3AreNotAddress() {
        tables.map(VADDR, 0x345, FULL);
        cpu.movToCr3(tables.root() | Entry.PWT | Entry.PCD | 0x5);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(0x34_5000);
    }

    /** The error code of an access to the fourth byte of the page, 0 if it succeeds. */
    private int code(int access) {
        long result = cpu.translate(VADDR + 3, access);
        return Fault.isFault(result) ? Fault.errorCode(result) : 0;
    }
}
