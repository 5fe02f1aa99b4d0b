package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What stays usable after memory changed, and which invalidation ends it. */
class StalenessTest {
    private static final long OTHER_PAGE = VADDR + 4096;

    private Machine machine = Machine.builder().build();
    private Cpu cpu = machine.cpu(0);
    private PageTables tables = new PageTables(machine);

    private boolean begin(TlbPolicy policy) {
        machine = Machine.builder().cpus(2).tlbPolicy(policy).build();
        cpu = machine.cpu(0);
        tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
        return policy != TlbPolicy.NONE;
    }

    @ParameterizedTest
    @EnumSource
    void changedPteIsUnseenUntilInvlpgOfItsPage(TlbPolicy policy) {
        boolean caches = begin(policy);
        tables.map(VADDR, 0x100, FULL);
        assertThat(pfn(VADDR)).isEqualTo(0x100);
        tables.map(VADDR, 0x200, FULL);
        assertThat(pfn(VADDR)).isEqualTo(caches ? 0x100 : 0x200);
        cpu.invlpg(OTHER_PAGE);
        assertThat(pfn(VADDR)).isEqualTo(caches ? 0x100 : 0x200);
        cpu.invlpg(VADDR + 123);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
    }

    @ParameterizedTest
    @EnumSource
    void clearedPteStaysUsableUntilInvlpg(TlbPolicy policy) {
        boolean caches = begin(policy);
        tables.map(VADDR, 0x100, FULL | Entry.D);
        cpu.writeByte(VADDR, Access.USER, 1);
        tables.set(VADDR, 1, 0);
        assertThat(Fault.isFault(cpu.writeByte(VADDR, Access.USER, 2))).isEqualTo(!caches);
        assertThat(machine.memory().readByte(0x10_0000)).isEqualTo((byte) (caches ? 2 : 1));
        cpu.invlpg(VADDR);
        assertThat(cpu.writeByte(VADDR, Access.USER, 3)).isEqualTo(Fault.pageFault(Fault.WRITE | Fault.USER));
    }

    @ParameterizedTest
    @EnumSource
    void changedPdeIsUnseenForNewPagesUntilInvlpgOfAnyAddress(TlbPolicy policy) {
        boolean caches = begin(policy);
        tables.map(VADDR, 0x100, FULL);
        tables.map(OTHER_PAGE, 0x101, FULL);
        assertThat(pfn(VADDR)).isEqualTo(0x100);
        long newTable = tables.newTable();
        machine.memory().write(newTable + 8L * Paging.index(OTHER_PAGE, 1), 0x20_1000L | FULL);
        tables.set(VADDR, 2, newTable | FULL);
        assertThat(pfn(OTHER_PAGE)).isEqualTo(caches ? 0x101 : 0x201);
        cpu.invlpg(OTHER_PAGE);
        assertThat(pfn(OTHER_PAGE)).isEqualTo(0x201);
    }

    @ParameterizedTest
    @EnumSource
    void structureEntriesHoldTheRightsOfTheirPath(TlbPolicy policy) {
        boolean caches = begin(policy);
        tables.map(VADDR, 0x100, FULL);
        tables.set(VADDR, 3, tables.get(VADDR, 3) & ~Entry.RW);
        pfn(VADDR);
        assertThat(structures()).isEqualTo(caches ? List.of("2 r u", "3 r u", "4 w u") : List.of());
    }

    @ParameterizedTest
    @EnumSource
    void rightsTakenFromAnUpperEntryAreUnseenUntilInvalidation(TlbPolicy policy) {
        boolean caches = begin(policy);
        tables.map(VADDR, 0x100, FULL);
        tables.map(OTHER_PAGE, 0x101, FULL);
        pfn(VADDR);
        tables.set(VADDR, 2, tables.get(VADDR, 2) & ~Entry.RW);
        assertThat(Fault.isFault(cpu.writeByte(OTHER_PAGE, Access.USER, 1))).isEqualTo(!caches);
        cpu.invlpg(OTHER_PAGE);
        assertThat(Fault.describe(cpu.writeByte(OTHER_PAGE, Access.USER, 1))).isEqualTo("#PF(7: P W U)");
    }

    @ParameterizedTest
    @EnumSource
    void notPresentIsNeverCached(TlbPolicy policy) {
        begin(policy);
        for (int level = 4; level >= 1; level--) {
            long saved = tables.get(VADDR, level);
            tables.set(VADDR, level, 0);
            assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isTrue();
            assertThat(pages()).isEmpty();
            tables.set(VADDR, level, level == 1 ? 0x10_0000L | FULL : saved);
        }
        assertThat(pfn(VADDR)).isEqualTo(0x100);
    }

    @ParameterizedTest
    @EnumSource
    void reservedBitIsNeverCached(TlbPolicy policy) {
        begin(policy);
        tables.set(VADDR, 2, FULL | Entry.PS | 1L << 13);
        assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isTrue();
        tables.set(VADDR, 2, FULL | Entry.PS);
        assertThat(pfn(VADDR)).isEqualTo(6);
    }

    @ParameterizedTest
    @EnumSource
    void invlpgOfAnyAddressInALargePageDropsAllOfIt(TlbPolicy policy) {
        boolean caches = begin(policy);
        long first = VADDR & -Paging.sizeBytes(2);
        tables.set(VADDR, 2, 0x4000_0000L | FULL | Entry.PS);
        assertThat(pfn(first)).isEqualTo(0x4_0000);
        assertThat(pfn(VADDR)).isEqualTo(0x4_0006);
        tables.set(VADDR, 2, 0x8000_0000L | FULL | Entry.PS);
        assertThat(pfn(VADDR)).isEqualTo(caches ? 0x4_0006 : 0x8_0006);
        cpu.invlpg(first + 0x1f_f000);
        assertThat(pfn(first)).isEqualTo(0x8_0000);
        assertThat(pfn(VADDR)).isEqualTo(0x8_0006);
    }

    @ParameterizedTest
    @EnumSource
    void refilledLargePageIsNewInAllItsParts(TlbPolicy policy) {
        begin(policy);
        long first = VADDR & -Paging.sizeBytes(2);
        tables.set(VADDR, 2, 0x4000_0000L | FULL | Entry.PS);
        pfn(first);
        pfn(VADDR);
        tables.set(VADDR, 2, 0x8000_0000L | FULL | Entry.PS);
        assertThat(cpu.translate(first, Access.USER | Access.WRITE)).isEqualTo(0x8000_0000L);
        assertThat(pfn(VADDR)).as("no part of the replaced entry is left").isEqualTo(0x8_0006);
    }

    @ParameterizedTest
    @EnumSource
    void invalidationOnOneCpuLeavesTheOtherStale(TlbPolicy policy) {
        boolean caches = begin(policy);
        Cpu other = machine.cpu(1);
        other.movToCr3(tables.root());
        tables.map(VADDR, 0x100, FULL);
        pfn(VADDR);
        other.translate(VADDR, Access.USER);
        tables.map(VADDR, 0x200, FULL);
        cpu.invlpg(VADDR);
        assertThat(pfn(VADDR)).isEqualTo(0x200);
        assertThat(Paging.pfn(other.translate(VADDR, Access.USER))).isEqualTo(caches ? 0x100 : 0x200);
    }

    @ParameterizedTest
    @EnumSource
    void invlpgOfAnAddressThatIsNotCanonicalDoesNothing(TlbPolicy policy) {
        boolean caches = begin(policy);
        tables.map(VADDR, 0x100, FULL);
        pfn(VADDR);
        cpu.invlpg(0x8000_0000_0000_0000L);
        assertThat(structures()).hasSize(caches ? 3 : 0);
        assertThat(cpu.counters().invlpgs()).isZero();
    }

    private long pfn(long vaddr) {
        long paddr = cpu.translate(vaddr, Access.USER);
        assertThat(paddr).as(Fault.describe(paddr)).isNotNegative();
        return Paging.pfn(paddr);
    }

    private List<String> pages() {
        List<String> found = new ArrayList<>();
        cpu.forEachTlbEntry((pcid, vaddrPage, sizeBytes, pfn, writable, user, executable, dirty, global) -> found
                .add(Long.toHexString(vaddrPage)));
        return found;
    }

    private List<String> structures() {
        List<String> found = new ArrayList<>();
        cpu.forEachPagingStructureEntry((pcid, level, vaddrPrefix, nextTablePaddr, writable, user) -> found
                .add(level + (writable ? " w" : " r") + (user ? " u" : " s")));
        return found;
    }
}
