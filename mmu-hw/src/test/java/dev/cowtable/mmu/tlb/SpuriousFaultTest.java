package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.EventLog;
import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.Vendor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Rights that were given without an invalidation: at most one fault for each address on an Intel CPU that trusts its
 * TLB, none on a CPU that looks at memory before it faults (SDM volume 3, 4.10.4.3).
 */
class SpuriousFaultTest {
    private final EventLog log = new EventLog();
    private Cpu cpu = Machine.builder().build().cpu(0);
    private PageTables tables = new PageTables(cpu.machine());

    private void begin(Vendor vendor, TlbPolicy policy) {
        Machine machine = Machine.builder().model(vendor == Vendor.AMD ? CpuModel.AMD : CpuModel.INTEL)
                .tlbPolicy(policy).listener(log).build();
        cpu = machine.cpu(0);
        tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
    }

    private static long without(String name) {
        return switch (name) {
            case "RW" -> Entry.P | Entry.US;
            case "US" -> Entry.P | Entry.RW;
            default -> FULL | Entry.XD;
        };
    }

    @ParameterizedTest
    @CsvSource({"RW, 6, 7: P W U", "US, 4, 5: P U", "XD, 20, 15: P U I"})
    void intelCpuThatNeverEvictsFaultsOnceWithoutAWalkAndThenSucceeds(String missing, int access, String code) {
        begin(Vendor.INTEL, TlbPolicy.ADVERSARIAL);
        tables.map(VADDR, 0x100, without(missing));
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(0x10_0000);
        tables.map(VADDR, 0x100, FULL);
        long walks = cpu.counters().walks();
        log.take();
        assertThat(Fault.describe(cpu.translate(VADDR + 9, access))).isEqualTo("#PF(" + code + ")");
        assertThat(cpu.counters().walks()).isEqualTo(walks);
        assertThat(cpu.counters().pageFaults()).isEqualTo(1);
        assertThat(cpu.cr2()).isEqualTo(VADDR + 9);
        assertThat(log.take()).hasSize(2).first().asString().startsWith("invalidated 0 PAGE_FAULT");
        assertThat(cpu.translate(VADDR + 9, access)).isEqualTo(0x10_0009);
        assertThat(cpu.counters().rewalks()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"AMD, ADVERSARIAL, RW, 6", "AMD, ADVERSARIAL, US, 4", "AMD, ADVERSARIAL, XD, 20",
            "INTEL, REALISTIC, RW, 6", "INTEL, REALISTIC, US, 4", "AMD, REALISTIC, XD, 20", "INTEL, NONE, RW, 6"})
    void othersLookAtMemoryAndDoNotFault(Vendor vendor, TlbPolicy policy, String missing, int access) {
        begin(vendor, policy);
        tables.map(VADDR, 0x100, without(missing));
        cpu.translate(VADDR, Access.READ);
        tables.map(VADDR, 0x200, FULL);
        assertThat(cpu.translate(VADDR, access)).isEqualTo(0x20_0000);
        assertThat(cpu.counters().pageFaults()).isZero();
        assertThat(cpu.counters().rewalks()).isEqualTo(policy == TlbPolicy.NONE ? 0 : 1);
        assertThat(cpu.translate(VADDR, Access.READ)).as("the new one has replaced the old").isEqualTo(0x20_0000);
    }

    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void rightGivenInAPdeCostsOneFaultOnEveryCpuThatHoldsThePde(TlbPolicy policy) {
        for (Vendor vendor : Vendor.values()) {
            begin(vendor, policy);
            tables.map(VADDR, 0x100, FULL);
            tables.set(VADDR, 2, tables.get(VADDR, 2) & ~Entry.RW);
            cpu.translate(VADDR, Access.USER);
            tables.set(VADDR, 2, tables.get(VADDR, 2) | Entry.RW);
            assertThat(cpu.writeByte(VADDR, Access.USER, 1)).isEqualTo(Fault.pageFault(7));
            assertThat(cpu.writeByte(VADDR, Access.USER, 1)).isZero();
            assertThat(cpu.counters().pageFaults()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void takenRightsStayUsableUntilInvalidation(TlbPolicy policy) {
        for (long reduced : List.of(Entry.P | Entry.US, Entry.P | Entry.RW, FULL | Entry.XD, 0L)) {
            begin(Vendor.INTEL, policy);
            tables.map(VADDR, 0x100, FULL);
            cpu.writeByte(VADDR, Access.USER, 1);
            tables.map(VADDR, 0x100, reduced);
            assertThat(cpu.translate(VADDR, Access.USER | Access.WRITE)).isEqualTo(0x10_0000);
            assertThat(cpu.translate(VADDR, Access.USER | Access.FETCH)).isEqualTo(0x10_0000);
            assertThat(cpu.counters().walks()).isEqualTo(1);
            cpu.invlpg(VADDR);
            assertThat(Fault.isPageFault(cpu.translate(VADDR, Access.USER | Access.WRITE))
                    || Fault.isPageFault(cpu.translate(VADDR, Access.USER | Access.FETCH))).isTrue();
        }
    }

    /** The note of SDM 4.10.4.3: with SMEP=1, U/S 0 to 1 takes a supervisor's right to fetch away. */
    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void supervisorFetchesGoOnWhenAPageBecomesAUsersUnderSmep(TlbPolicy policy) {
        begin(Vendor.INTEL, policy);
        Modes.setCr4(cpu, Cr4.SMEP);
        tables.map(VADDR, 0x100, Entry.P);
        assertThat(cpu.translate(VADDR, Access.FETCH)).isEqualTo(0x10_0000);
        tables.map(VADDR, 0x100, FULL);
        assertThat(cpu.translate(VADDR, Access.FETCH)).isEqualTo(0x10_0000);
        cpu.invlpg(VADDR);
        assertThat(cpu.translate(VADDR, Access.FETCH)).isEqualTo(Fault.pageFault(0x11));
    }

    /** The mode is applied when a cached translation is used, so a change of mode needs no invalidation. */
    @ParameterizedTest
    @EnumSource
    void changeOfModeActsOnCachedTranslations(TlbPolicy policy) {
        begin(Vendor.INTEL, policy);
        Modes.setCr4(cpu, Cr4.PKE | Cr4.PKS | Cr4.SMAP);
        tables.map(VADDR, 0x100, FULL | 3L << Entry.KEY_SHIFT);
        tables.map(VADDR + 0x8000, 0x108, Entry.P | Entry.RW | 5L << Entry.KEY_SHIFT);
        cpu.writeByte(VADDR, Access.USER, 1);
        cpu.writeByte(VADDR + 0x8000, Access.READ, 1);
        cpu.wrpkru(0b10 << 6);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(0x10_0000);
        assertThat(cpu.translate(VADDR, Access.USER | Access.WRITE)).isEqualTo(Fault.pageFault(0x27));
        cpu.wrpkru(0b01 << 6);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(Fault.pageFault(0x25));
        cpu.wrpkru(0);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(0x10_0000);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(Fault.pageFault(0x1));
        cpu.setAc(true);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(0x10_0000);
        assertThat(cpu.translate(VADDR, Access.IMPLICIT)).isEqualTo(Fault.pageFault(0x1));
        cpu.setAc(false);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(Fault.pageFault(0x1));
        cpu.writePkrs(0b01 << 10);
        assertThat(cpu.translate(VADDR + 0x8000, Access.READ)).isEqualTo(Fault.pageFault(0x21));
        cpu.writePkrs(0b10 << 10);
        assertThat(cpu.translate(VADDR + 0x8000, Access.WRITE)).isEqualTo(Fault.pageFault(0x23));
        Modes.writeProtect(cpu, false);
        assertThat(cpu.translate(VADDR + 0x8000, Access.WRITE)).isEqualTo(0x10_8000);
        Modes.clearCr4(cpu, Cr4.PKS | Cr4.PKE | Cr4.SMAP);
        assertThat(cpu.translate(VADDR, Access.IMPLICIT)).isEqualTo(0x10_0000);
    }

    /** Even a fast hit of the page just before does not outlive a change of mode. */
    @ParameterizedTest
    @EnumSource
    void everyChangeOfModeReachesThePageUsedJustBefore(TlbPolicy policy) {
        begin(Vendor.INTEL, policy);
        tables.map(VADDR, 0x100, Entry.P | Entry.US | Entry.D | 3L << Entry.KEY_SHIFT);
        Modes.writeProtect(cpu, false);
        assertThat(cpu.translate(VADDR, Access.WRITE)).isEqualTo(0x10_0000);
        Modes.writeProtect(cpu, true);
        assertThat(cpu.translate(VADDR, Access.WRITE)).isEqualTo(Fault.pageFault(3));
        assertThat(cpu.translate(VADDR, Access.FETCH)).isEqualTo(0x10_0000);
        Modes.setCr4(cpu, Cr4.SMEP);
        assertThat(cpu.translate(VADDR, Access.FETCH)).isEqualTo(Fault.pageFault(0x11));
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(0x10_0000);
        Modes.setCr4(cpu, Cr4.SMAP);
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(Fault.pageFault(1));
        cpu.wrpkru(0b01 << 6);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(0x10_0000);
        Modes.setCr4(cpu, Cr4.PKE);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(Fault.pageFault(0x25));
    }
}
