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
import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The paging-structure caches: one for each level above the PTE, each stale by itself. */
class StructureEntryTest {
    private Machine machine = Machine.builder().pagingLevels(5).build();
    private Cpu cpu = machine.cpu(0);
    private PageTables tables = new PageTables(machine);

    private void begin(TlbPolicy policy) {
        machine = Machine.builder().pagingLevels(5).tlbPolicy(policy).build();
        cpu = machine.cpu(0);
        tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
    }

    static Stream<Arguments> policiesAndLevels() {
        return Stream.of(TlbPolicy.REALISTIC, TlbPolicy.ADVERSARIAL)
                .flatMap(policy -> Stream.of(2, 3, 4, 5).map(level -> Arguments.of(policy, level)));
    }

    /** An address that shares the entry of the level with {@link PageTables#VADDR} and none below. */
    private static long below(int level) {
        return VADDR ^ 16L << Paging.shift(level - 1);
    }

    @ParameterizedTest
    @MethodSource("policiesAndLevels")
    void clearedEntryIsStillUsedUntilInvalidated(TlbPolicy policy, int level) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        tables.map(below(level), 0x101, FULL);
        cpu.translate(VADDR, Access.USER);
        tables.set(VADDR, level, 0);
        assertThat(cpu.translate(below(level), Access.USER)).isEqualTo(0x10_1000);
        cpu.invlpg(0);
        assertThat(cpu.translate(below(level) + 0x1_0000, Access.USER)).isEqualTo(Fault.pageFault(Fault.USER));
        assertThat(cpu.translate(below(level), Access.USER)).as("its page is still in the TLB").isEqualTo(0x10_1000);
    }

    @ParameterizedTest
    @MethodSource("policiesAndLevels")
    void rightsOfTheEntryAreThoseOfTheTimeOfTheFill(TlbPolicy policy, int level) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        tables.map(below(level), 0x101, FULL);
        long entry = tables.get(VADDR, level);
        tables.set(VADDR, level, (entry & ~(Entry.US | Entry.RW)) | Entry.XD);
        cpu.translate(VADDR, Access.READ);
        tables.set(VADDR, level, entry);
        assertThat(cpu.translate(below(level), Access.USER)).isEqualTo(Fault.pageFault(5));
        assertThat(cpu.translate(below(level), Access.USER)).as("the fault dropped it").isEqualTo(0x10_1000);
    }

    @ParameterizedTest
    @MethodSource("policiesAndLevels")
    void freedTableIsStillWalkedAndItsAccessedFlagsAreStillSet(TlbPolicy policy, int level) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        cpu.translate(VADDR, Access.USER);
        long freed = Entry.paddr(tables.get(VADDR, level));
        tables.set(VADDR, level, 0);
        PhysicalMemory memory = machine.memory();
        memory.fillFrame(freed >>> 12, 0);
        long slot = freed + 8L * Paging.index(below(level), level - 1);
        long leaf = FULL | (level > 3 ? 0 : 0x8000_0000L | (level > 2 ? Entry.PS : 0));
        memory.write(slot, leaf);
        long result = cpu.translate(below(level), Access.USER | Access.WRITE);
        assertThat(memory.read(slot)).isEqualTo(level > 3 ? leaf : leaf | Entry.A | Entry.D);
        assertThat(Fault.isFault(result)).as("what is no page table may hold anything").isEqualTo(level > 3);
    }

    @Test
    void walkBeginsAtTheDeepestEntryThatIsCached() {
        begin(TlbPolicy.ADVERSARIAL);
        tables.map(VADDR, 0x100, FULL);
        cpu.translate(VADDR, Access.USER);
        assertThat(cpu.counters().structureHits()).isZero();
        for (int level = 2; level <= 5; level++) {
            tables.map(below(level), 0x100 + level, FULL);
            long updates = cpu.counters().flagUpdates();
            cpu.translate(below(level), Access.USER);
            assertThat(cpu.counters().structureHits()).isEqualTo(level - 1);
            assertThat(cpu.counters().flagUpdates() - updates).as("entries below").isEqualTo(level - 1);
        }
    }

    @Test
    void largePageCachesTheStepsAboveItAlone() {
        begin(TlbPolicy.REALISTIC);
        tables.mapLarge(VADDR, 3, 0, FULL);
        cpu.translate(VADDR, Access.USER);
        assertThat(held()).containsExactlyInAnyOrder("4 ffff920000000000", "5 ffff000000000000");
        tables.mapLarge(1L << 39, 2, 0, FULL);
        cpu.translate(1L << 39, Access.USER);
        assertThat(held()).contains("3 8000000000").doesNotContain("2 8000000000");
    }

    @Test
    void entryNamesItsPrefixItsTableAndTheRightsOfThePath() {
        begin(TlbPolicy.REALISTIC);
        tables.map(VADDR, 0x100, FULL | Entry.G);
        tables.set(VADDR, 4, tables.get(VADDR, 4) & ~Entry.US);
        tables.set(VADDR, 3, tables.get(VADDR, 3) & ~Entry.RW);
        cpu.translate(VADDR + 0xfff, Access.READ);
        List<String> seen = new ArrayList<>();
        cpu.forEachPagingStructureEntry((pcid, level, prefix, nextTable, writable, user) -> seen.add(
                pcid + " " + level + " " + Long.toHexString(prefix) + " " + Long.toHexString(nextTable) + " "
                        + writable + " " + user));
        assertThat(seen).containsExactly("0 2 ffff9200c0a00000 5000 false false",
                "0 3 ffff9200c0000000 4000 false false", "0 4 ffff920000000000 3000 true false",
                "0 5 ffff000000000000 2000 true true");
    }

    @Test
    void globalBitOfAnEntryThatIsNoLeafMeansNothing() {
        begin(TlbPolicy.ADVERSARIAL);
        tables.map(VADDR, 0x100, FULL);
        for (int level = 2; level <= 5; level++) {
            tables.set(VADDR, level, tables.get(VADDR, level) | Entry.G);
        }
        cpu.translate(VADDR, Access.READ);
        cpu.movToCr3(cpu.cr3());
        assertThat(held()).isEmpty();
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> {
            throw new AssertionError("still in the TLB: " + Long.toHexString(vaddr));
        });
    }

    private List<String> held() {
        List<String> found = new ArrayList<>();
        cpu.forEachPagingStructureEntry((pcid, level, prefix, nextTable, writable, user) -> found
                .add(level + " " + Long.toHexString(prefix)));
        return found;
    }
}
