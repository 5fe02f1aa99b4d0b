package dev.cowtable.mmu.tlb;

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
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Address spaces that keep their translations while others run, and pages that are everybody's. */
@SuppressWarnings("NullAway.Init")
class PcidTest {
    private Cpu cpu;
    private PageTables first;
    private PageTables second;
    private boolean caches;

    private void begin(TlbPolicy policy) {
        Machine machine = Machine.builder().tlbPolicy(policy).build();
        cpu = machine.cpu(0);
        first = new PageTables(machine, 0x1000);
        second = new PageTables(machine, 0x2000);
        caches = policy != TlbPolicy.NONE;
        Modes.setCr4(cpu, Cr4.PCIDE);
    }

    private void enter(PageTables tables, int pcid) {
        assertThat(cpu.movToCr3(tables.root() | pcid | ControlRegisters.CR3_NO_FLUSH)).isZero();
    }

    private long pfn(long vaddr) {
        long paddr = cpu.translate(vaddr, Access.USER);
        assertThat(paddr).as(Fault.describe(paddr)).isNotNegative();
        return paddr >>> 12;
    }

    @ParameterizedTest
    @EnumSource
    void spacesKeepTheirTranslationsApartAndAcrossSwitches(TlbPolicy policy) {
        begin(policy);
        first.map(VADDR, 0x100, FULL);
        second.map(VADDR, 0x200, FULL);
        for (int round = 0; round < 3; round++) {
            enter(first, 0);
            assertThat(pfn(VADDR)).isEqualTo(0x100);
            enter(second, 0xfff);
            assertThat(pfn(VADDR)).isEqualTo(0x200);
        }
        assertThat(cpu.counters().walks()).isEqualTo(caches ? 2 : 6);
        assertThat(cpu.counters().tlbHits()).isEqualTo(caches ? 4 : 0);
        assertThat(cpu.counters().tlbMisses()).isEqualTo(caches ? 2 : 6);
        assertThat(pcids()).isEqualTo(caches ? Set.of(0, 0xfff) : Set.of());
    }

    /** The tag is the PCID and nothing else: another root under it changes nothing. */
    @ParameterizedTest
    @EnumSource
    void translationsBelongToThePcidNotToTheRoot(TlbPolicy policy) {
        begin(policy);
        first.map(VADDR, 0x100, FULL);
        first.map(VADDR + 0x10_0000, 0x101, FULL);
        second.map(VADDR, 0x200, FULL);
        second.map(VADDR + 0x10_0000, 0x201, FULL);
        enter(first, 5);
        pfn(VADDR);
        enter(second, 5);
        assertThat(pfn(VADDR)).isEqualTo(caches ? 0x100 : 0x200);
        assertThat(pfn(VADDR + 0x10_0000)).as("through the PDE of the first").isEqualTo(caches ? 0x101 : 0x201);
        cpu.movToCr3(second.root() | 5);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
        enter(first, 6);
        assertThat(pfn(VADDR)).isEqualTo(0x100);
    }

    @ParameterizedTest
    @EnumSource
    void globalPageIsFoundUnderEveryPcidAndFilledOnce(TlbPolicy policy) {
        begin(policy);
        first.map(VADDR, 0x100, FULL | Entry.G);
        enter(first, 1);
        pfn(VADDR);
        enter(second, 2);
        if (caches) {
            assertThat(pfn(VADDR)).isEqualTo(0x100);
            assertThat(cpu.counters().walks()).isEqualTo(1);
        } else {
            assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isTrue();
        }
        cpu.invpcid(3, 0, 0);
        assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isEqualTo(!caches);
        cpu.invlpg(VADDR);
        assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isTrue();
    }

    /** With CR4.PGE=0 bit 8 of a leaf means nothing (SDM volume 3, 4.10.2.4). */
    @ParameterizedTest
    @EnumSource
    void withoutPgeNoPageIsGlobal(TlbPolicy policy) {
        begin(policy);
        Modes.clearCr4(cpu, Cr4.PGE);
        first.map(VADDR, 0x100, FULL | Entry.G);
        first.map(VADDR + 0x1000, 0x101, FULL | Entry.G | Entry.A);
        second.map(VADDR, 0x200, FULL | Entry.G);
        second.map(VADDR + 0x1000, 0x201, FULL | Entry.G);
        enter(first, 1);
        pfn(VADDR);
        enter(second, 2);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
        assertThat(pfn(VADDR + 0x1000)).isEqualTo(0x201);
        first.map(VADDR, 0x300, FULL | Entry.G);
        cpu.movToCr3(first.root() | 1);
        assertThat(pfn(VADDR)).isEqualTo(0x300);
    }

    /** As above with A set in memory already, where a walk has nothing to write. */
    @ParameterizedTest
    @EnumSource
    void withoutPgeNoPageIsGlobalHoweverItWasWalked(TlbPolicy policy) {
        begin(policy);
        Modes.clearCr4(cpu, Cr4.PGE);
        first.map(VADDR, 0x100, FULL | Entry.G | Entry.A);
        first.map(VADDR + 0x1_0000, 0x110, FULL);
        enter(first, 1);
        pfn(VADDR + 0x1_0000);
        pfn(VADDR);
        first.map(VADDR, 0x200, FULL | Entry.G | Entry.A);
        cpu.movToCr3(first.root() | 1);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
    }

    @ParameterizedTest
    @EnumSource
    void invlpgDropsBothTheOwnAndTheGlobalPageOfAnAddress(TlbPolicy policy) {
        begin(policy);
        second.map(VADDR, 0x200, FULL);
        first.map(VADDR, 0x100, FULL | Entry.G);
        enter(second, 2);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
        enter(first, 1);
        assertThat(pfn(VADDR)).isEqualTo(0x100);
        cpu.invpcid(0, 1, VADDR);
        second.map(VADDR, 0x300, FULL);
        enter(second, 2);
        assertThat(pfn(VADDR)).as("either is legal while both are held").isIn(0x100L, 0x200L, 0x300L);
        cpu.invlpg(VADDR);
        assertThat(pfn(VADDR)).isEqualTo(0x300);
    }

    @ParameterizedTest
    @EnumSource
    void fastHitsDoNotCrossPcids(TlbPolicy policy) {
        begin(policy);
        first.map(VADDR, 0x100, FULL);
        enter(first, 1);
        pfn(VADDR);
        pfn(VADDR);
        enter(second, 2);
        assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isTrue();
        enter(first, 1);
        assertThat(pfn(VADDR)).isEqualTo(0x100);
        cpu.invpcid(1, 1, 0);
        first.map(VADDR, 0x300, FULL);
        assertThat(pfn(VADDR)).isEqualTo(0x300);
    }

    @ParameterizedTest
    @EnumSource
    void clearingAndSettingPcideBringsBackNothing(TlbPolicy policy) {
        begin(policy);
        first.map(VADDR, 0x100, FULL);
        enter(first, 0);
        pfn(VADDR);
        first.map(VADDR, 0x200, FULL);
        Modes.clearCr4(cpu, Cr4.PCIDE);
        Modes.setCr4(cpu, Cr4.PCIDE);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
    }

    /** What was cached as PCID 0 before CR4.PCIDE was set is PCID 0's afterwards. */
    @ParameterizedTest
    @EnumSource
    void translationsOfTheTimeWithoutPcidsAreThoseOfPcidZero(TlbPolicy policy) {
        begin(policy);
        Modes.clearCr4(cpu, Cr4.PCIDE);
        cpu.movToCr3(first.root());
        first.map(VADDR, 0x100, FULL);
        pfn(VADDR);
        first.map(VADDR, 0x200, FULL);
        Modes.setCr4(cpu, Cr4.PCIDE);
        assertThat(pfn(VADDR)).isEqualTo(caches ? 0x100 : 0x200);
        enter(first, 1);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
    }

    private Set<Integer> pcids() {
        Set<Integer> found = new TreeSet<>();
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> found
                .add(pcid));
        return found;
    }
}
