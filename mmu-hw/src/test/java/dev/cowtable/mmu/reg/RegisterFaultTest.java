package dev.cowtable.mmu.reg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.walk.Invlpgb;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each instruction refuses with #GP, and that a refused one changes nothing (SDM volume 2; APM volume 3). */
class RegisterFaultTest {
    private final Machine machine = Machine.builder().model(CpuModel.AMD.withMaxPhyAddr(40)).build();
    private final Cpu cpu = machine.cpu(0);

    private static void refused(long result) {
        assertThat(result).isEqualTo(Fault.GENERAL_PROTECTION);
    }

    private static void accepted(long result) {
        assertThat(result).isZero();
    }

    @Test
    void cpuStartsInProtected64BitModeWithWriteProtectGlobalPagesAndExecuteDisable() {
        assertThat(cpu.cr0()).isEqualTo(0x8001_0001L);
        assertThat(cpu.cr2()).isZero();
        assertThat(cpu.cr3()).isZero();
        assertThat(cpu.cr4()).isEqualTo(0xa0);
        assertThat(cpu.efer()).isEqualTo(0xd00);
        assertThat(cpu.pkru()).isZero();
        assertThat(cpu.pkrs()).isZero();
        assertThat(cpu.ac()).isFalse();
        assertThat(Machine.builder().pagingLevels(5).build().cpu(0).cr4()).isEqualTo(0x10a0);
    }

    @ParameterizedTest
    @CsvSource({"0x80000001, true", "0x80010001, true", "0xe005003f, true", "0x80010000, false", "0x00010001, false",
            "0, false", "0x80010041, false", "0x180010001, false", "0x90010001, false", "0x80030001, false"})
    void movToCr0WantsPagingProtectionAndDefinedBits(String value, boolean ok) {
        long operand = Long.decode(value);
        assertThat(cpu.movToCr0(operand)).isEqualTo(ok ? 0 : Fault.GENERAL_PROTECTION);
        assertThat(cpu.cr0()).isEqualTo(ok ? operand : 0x8001_0001L);
    }

    @ParameterizedTest
    @CsvSource({"0x0, true", "0xfffffff000, true", "0xffffffffff, true", "0x10000000000, false",
            "0x4000000000000000, false", "0x8000000000000000, false"})
    void movToCr3WantsTheAddressWithinMaxphyaddr(String value, boolean ok) {
        long operand = Long.parseUnsignedLong(value.substring(2), 16);
        cpu.movToCr3(0x5000);
        assertThat(cpu.movToCr3(operand)).isEqualTo(ok ? 0 : Fault.GENERAL_PROTECTION);
        assertThat(cpu.cr3()).isEqualTo(ok ? operand : 0x5000);
    }

    @Test
    void bit63OfCr3IsAcceptedWithPcideAloneAndNeverStored() {
        refused(cpu.movToCr3(1L << 63 | 0x5000));
        Modes.setCr4(cpu, Cr4.PCIDE);
        accepted(cpu.movToCr3(1L << 63 | 0x5abc));
        assertThat(cpu.cr3()).isEqualTo(0x5abc);
        refused(cpu.movToCr3(1L << 62 | 0x5000));
        refused(cpu.movToCr3(1L << 63 | 1L << 40));
        assertThat(cpu.cr3()).isEqualTo(0x5abc);
    }

    @ParameterizedTest
    @ValueSource(ints = {36, 39, 51, 52})
    void addressBitsOfCr3EndAtMaxphyaddr(int width) {
        Cpu its = Machine.builder().model(CpuModel.INTEL.withMaxPhyAddr(width)).build().cpu(0);
        accepted(its.movToCr3(1L << (width - 1)));
        refused(its.movToCr3(1L << width));
        assertThat(its.cr3()).isEqualTo(1L << (width - 1));
    }

    @ParameterizedTest
    @CsvSource({"0xa0, true", "0x20, true", "0x80, false", "0x0, false", "0x10a0, false", "0x3ff6fff, true",
            "0x80a0, false", "0x40000a0, false", "0x1000000a0, false"})
    void movToCr4WantsPaeTheSameLa57AndDefinedBits(String value, boolean ok) {
        long operand = Long.decode(value);
        assertThat(cpu.movToCr4(operand)).isEqualTo(ok ? 0 : Fault.GENERAL_PROTECTION);
        assertThat(cpu.cr4()).isEqualTo(ok ? operand : 0xa0);
    }

    @Test
    void la57CannotBeClearedEither() {
        Cpu its = Machine.builder().pagingLevels(5).build().cpu(0);
        refused(its.movToCr4(0xa0));
        accepted(its.movToCr4(0x10a0 | Cr4.SMEP));
        assertThat(its.cr4()).isEqualTo(0x10a0 | Cr4.SMEP);
    }

    @Test
    void pcideCanBeSetOnlyWhileTheLowBitsOfCr3AreZero() {
        cpu.movToCr3(0x5001);
        refused(cpu.movToCr4(cpu.cr4() | Cr4.PCIDE));
        cpu.movToCr3(0x5800);
        refused(cpu.movToCr4(cpu.cr4() | Cr4.PCIDE));
        assertThat(cpu.cr4()).isEqualTo(0xa0);
        cpu.movToCr3(0x5000);
        accepted(cpu.movToCr4(cpu.cr4() | Cr4.PCIDE));
        cpu.movToCr3(0x5001);
        accepted(cpu.movToCr4(cpu.cr4() | Cr4.SMEP));
        accepted(cpu.movToCr4(cpu.cr4() & ~Cr4.PCIDE));
        assertThat(cpu.cr3()).isEqualTo(0x5001);
    }

    @ParameterizedTest
    @CsvSource({"0xd00, 0xd00", "0x900, 0xd00", "0x500, 0x500", "0x100, 0x500", "0xfd01, 0xfd01", "0xc00, -1",
            "0x0, -1", "0xd02, -1", "0x10d00, -1", "0x100000d00, -1", "0xf00, -1"})
    void writeEferWantsLmeAndIgnoresLma(String value, String after) {
        long expected = Long.decode(after);
        assertThat(cpu.writeEfer(Long.decode(value))).isEqualTo(expected < 0 ? Fault.GENERAL_PROTECTION : 0);
        assertThat(cpu.efer()).isEqualTo(expected < 0 ? 0xd00 : expected);
    }

    @Test
    void registersThatRefuseNothingKeepWhatWasWritten() {
        cpu.wrpkru(0x8000_0001);
        cpu.writePkrs(0x4000_0002);
        cpu.setAc(true);
        assertThat(cpu.pkru()).isEqualTo(0x8000_0001);
        assertThat(cpu.pkrs()).isEqualTo(0x4000_0002);
        assertThat(cpu.ac()).isTrue();
        cpu.wrpkru(0);
        cpu.writePkrs(0);
        cpu.setAc(false);
        assertThat(cpu.pkru()).isZero();
        assertThat(cpu.pkrs()).isZero();
        assertThat(cpu.ac()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0x0, true, true", "0, 1, 0x0, false, true", "0, 4095, 0x0, false, true",
            "0, 4096, 0x0, false, false", "0, -1, 0x0, false, false", "0, 0, 0x800000000000, false, false",
            "0, 0, 0x7fffffffffff, true, true", "1, 0, 0x800000000000, true, true", "1, 7, 0x0, false, true",
            "1, 4096, 0x0, false, false", "2, 7, 0x800000000000, true, true", "2, 4096, 0x0, false, false",
            "3, 7, 0x0, true, true", "3, -9223372036854775808, 0x0, false, false", "4, 0, 0x0, false, false",
            "-1, 0, 0x0, false, false"})
    void invpcidWantsAKnownTypeAPcidAndACanonicalAddress(int type, long pcid, String vaddr, boolean ok,
            boolean okPcide) {
        long address = Long.decode(vaddr);
        assertThat(cpu.invpcid(type, pcid, address)).isEqualTo(ok ? 0 : Fault.GENERAL_PROTECTION);
        Modes.setCr4(cpu, Cr4.PCIDE);
        assertThat(cpu.invpcid(type, pcid, address)).isEqualTo(okPcide ? 0 : Fault.GENERAL_PROTECTION);
    }

    @ParameterizedTest
    @CsvSource({"0x0, 0x0, 0x0, true, true", "0x1b, 0x0, 0x0, true, true", "0x4, 0x0, 0x0, false, false",
            "0x20, 0x0, 0x0, false, false", "0x800, 0x0, 0x0, false, false", "0x0, 0x8000ffff, 0x0, true, true",
            "0x0, 0x10000, 0x0, false, false", "0x0, 0x40000000, 0x0, false, false", "0x2, 0x0, 0x10000, false, true",
            "0x2, 0x0, 0xfff0000, false, true", "0x0, 0x0, 0x10000, true, true", "0x2, 0x0, 0x1, false, false",
            "0x2, 0x0, 0x10000000, false, false", "0x800000000001, 0x0, 0x0, false, false",
            "0x800000000000, 0x0, 0x0, true, true", "0x7ffffffff001, 0x0, 0x0, true, true"})
    void invlpgbWantsDefinedBitsAPcidAndACanonicalAddress(String rax, String ecx, String edx, boolean ok,
            boolean okPcide) {
        Invlpgb request = new Invlpgb(Long.decode(rax), Integer.parseUnsignedInt(ecx.substring(2), 16),
                Integer.parseUnsignedInt(edx.substring(2), 16));
        assertThat(cpu.invlpgb(request)).isEqualTo(ok ? 0 : Fault.GENERAL_PROTECTION);
        Modes.setCr4(cpu, Cr4.PCIDE);
        assertThat(cpu.invlpgb(request)).isEqualTo(okPcide ? 0 : Fault.GENERAL_PROTECTION);
    }

    @Test
    void refusedInstructionDropsNothing() {
        PageTables tables = new PageTables(machine);
        tables.map(0x1000, 0x100, PageTables.FULL);
        cpu.movToCr3(tables.root());
        long flushes = cpu.counters().tlbFlushes();
        cpu.translate(0x1000, Access.USER);
        refused(cpu.movToCr0(0));
        refused(cpu.movToCr3(1L << 50));
        refused(cpu.movToCr4(Cr4.PAE | Cr4.SMEP | Cr4.LA57));
        refused(cpu.writeEfer(Efer.LME | 2));
        refused(cpu.invpcid(0, 1, 0x1000));
        refused(cpu.invlpgb(new Invlpgb(Invlpgb.GLOBAL | 4, 0, 0)));
        cpu.translate(0x1000, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(1);
        assertThat(cpu.counters().tlbFlushes()).isEqualTo(flushes);
    }

    @Test
    void widthAndLevelsThatNoCpuHasAreRefused() {
        assertThatThrownBy(() -> CpuModel.INTEL.withMaxPhyAddr(35)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("MAXPHYADDR 35 is not 36 to 52");
        assertThatThrownBy(() -> CpuModel.INTEL.withMaxPhyAddr(53)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Machine.builder().pagingLevels(3).build())
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("3 paging levels on CpuModel");
        CpuModel old = new CpuModel(Vendor.INTEL, 46, true, false, false);
        assertThatThrownBy(() -> Machine.builder().model(old).pagingLevels(5).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Machine.builder().model(old).build().cpu(0).cr4()).isEqualTo(0xa0);
        assertThat(CpuModel.AMD.withMaxPhyAddr(36)).isEqualTo(new CpuModel(Vendor.AMD, 36, true, true, true));
        assertThat(CpuModel.AMD.withGigabytePages(false)).isEqualTo(new CpuModel(Vendor.AMD, 52, false, true, true));
    }
}
