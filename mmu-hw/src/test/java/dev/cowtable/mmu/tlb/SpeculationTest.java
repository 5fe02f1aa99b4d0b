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
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a CPU may cache, and set, for addresses that no access has named (SDM volume 3, 4.8 and 4.10.2.3). */
class SpeculationTest {
    /** First page of its cache line of PTEs. */
    private static final long LINE = VADDR & -(8 * 4096L);

    private final EventLog log = new EventLog();
    private Cpu cpu = Machine.builder().build().cpu(0);
    private PageTables tables = new PageTables(cpu.machine());

    private void begin(TlbPolicy policy) {
        Machine machine = Machine.builder().model(CpuModel.INTEL.withMaxPhyAddr(40)).tlbPolicy(policy).listener(log)
                .build();
        cpu = machine.cpu(0);
        tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
    }

    @Test
    void adversarialWalkCachesTheEightPagesOfTheCacheLine() {
        begin(TlbPolicy.ADVERSARIAL);
        for (int i = -1; i <= 8; i++) {
            tables.map(LINE + i * 4096L, 0x100 + i, FULL | Entry.A | (i == 3 ? Entry.D : 0));
        }
        cpu.translate(LINE + 5 * 4096, Access.USER);
        assertThat(log.take("fill")).hasSize(8).startsWith(fill(5, "W U X"), fill(0, "W U X"), fill(1, "W U X"),
                fill(2, "W U X"), fill(3, "W U X D"));
        assertThat(cpu.counters().walks()).isEqualTo(1);
        for (int i = 0; i < 8; i++) {
            cpu.translate(LINE + i * 4096L, Access.USER);
        }
        assertThat(cpu.counters().walks()).isEqualTo(1);
        cpu.translate(LINE - 4096, Access.USER);
        cpu.translate(LINE + 8 * 4096, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(3);
    }

    private static String fill(int page, String rights) {
        return String.format("fill 0 pcid 0 %x -> %x level 1 %s", LINE + page * 4096L, (0x100L + page) << 12, rights);
    }

    @Test
    void neighbourIsCachedOnlyIfPresentAccessedAndLegal() {
        begin(TlbPolicy.ADVERSARIAL);
        tables.map(LINE, 0x100, FULL);
        tables.map(LINE + 0x1000, 0x101, FULL);
        tables.map(LINE + 0x2000, 0x102, Entry.A | Entry.RW);
        tables.map(LINE + 0x3000, 0x103, FULL | Entry.A | 1L << 40);
        tables.map(LINE + 0x4000, 0x104, Entry.P | Entry.A);
        cpu.translate(LINE, Access.USER);
        assertThat(log.take("fill")).containsExactly(fill(0, "W U X"), fill(4, "X"));
        assertThat(Entry.isAccessed(tables.get(LINE + 0x1000, 1))).isFalse();
    }

    @Test
    void neighbourHasTheRightsOfThePathAndKeepsWhatIsCachedAlready() {
        begin(TlbPolicy.ADVERSARIAL);
        tables.map(LINE, 0x100, FULL);
        tables.map(LINE + 0x1000, 0x101, FULL | Entry.A);
        tables.set(LINE, 2, tables.get(LINE, 2) & ~Entry.RW);
        cpu.translate(LINE, Access.READ);
        assertThat(log.take("fill")).containsExactly(fill(0, "U X"), fill(1, "U X"));
        tables.map(LINE + 0x1000, 0x201, FULL | Entry.A);
        tables.map(LINE + 0x2000, 0x102, FULL);
        cpu.translate(LINE + 0x2000, Access.READ);
        assertThat(log.take("fill")).containsExactly(fill(2, "U X"));
        assertThat(cpu.translate(LINE + 0x1000, Access.READ)).isEqualTo(0x10_1000);
    }

    @Test
    void largePageHasNoNeighbours() {
        begin(TlbPolicy.ADVERSARIAL);
        tables.mapLarge(VADDR, 2, 0, FULL);
        tables.mapLarge(VADDR + (1 << 21), 2, 1 << 21, FULL | Entry.A);
        cpu.translate(VADDR, Access.READ);
        assertThat(log.take("fill")).hasSize(1);
    }

    @Test
    void realisticWalkCachesItsOwnPageAlone() {
        begin(TlbPolicy.REALISTIC);
        tables.map(LINE, 0x100, FULL);
        tables.map(LINE + 0x1000, 0x101, FULL | Entry.A);
        cpu.translate(LINE, Access.READ);
        assertThat(log.take("fill")).containsExactly(fill(0, "W U X"));
    }

    @ParameterizedTest
    @EnumSource
    void prefetchSetsAccessedNeverDirtyAndFillsWhatThePolicyKeeps(TlbPolicy policy) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        cpu.prefetch(VADDR + 3);
        for (int level = 1; level <= 4; level++) {
            assertThat(tables.get(VADDR, level) & (Entry.A | Entry.D)).isEqualTo(Entry.A);
        }
        boolean caches = policy != TlbPolicy.NONE;
        assertThat(log.take("fill")).hasSize(caches ? 1 : 0);
        tables.map(VADDR, 0x200, FULL);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(caches ? 0x10_0000 : 0x20_0000);
        assertThat(cpu.counters().walks()).isEqualTo(caches ? 1 : 2);
        cpu.prefetch(VADDR);
        assertThat(cpu.counters().walks()).as("nothing to fetch").isEqualTo(caches ? 1 : 3);
        assertThat(cpu.counters().tlbMisses()).isEqualTo(caches ? 0 : 1);
    }

    @ParameterizedTest
    @EnumSource
    void prefetchNeverFaults(TlbPolicy policy) {
        begin(policy);
        cpu.translate(0x7000, Access.READ);
        long faults = cpu.counters().pageFaults();
        cpu.prefetch(VADDR);
        tables.map(VADDR, 0x100, FULL | 1L << 40);
        cpu.prefetch(VADDR);
        cpu.prefetch(1L << 62);
        assertThat(cpu.counters().pageFaults()).isEqualTo(faults);
        assertThat(cpu.cr2()).isEqualTo(0x7000);
        assertThat(cpu.invpcid(0, 0, VADDR)).isZero();
        assertThat(log.take("fault")).hasSize(1);
        assertThat(Entry.isAccessed(tables.get(VADDR, 1))).isFalse();
    }

    @Test
    void prefetchIsStoppedByNoRight() {
        begin(TlbPolicy.REALISTIC);
        Modes.setCr4(cpu, Cr4.SMAP | Cr4.PKE);
        cpu.wrpkru(-1);
        tables.map(VADDR, 0x100, FULL | Entry.XD);
        cpu.prefetch(VADDR);
        assertThat(log.take("fill")).hasSize(1);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(Fault.pageFault(0x25));
    }

    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void prefetchCachesTheStructureEntriesAboveAHole(TlbPolicy policy) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        cpu.translate(VADDR, Access.READ);
        cpu.invpcid(2, 0, 0);
        tables.set(VADDR, 1, 0);
        log.take();
        cpu.prefetch(VADDR);
        assertThat(log.take("structure")).hasSize(3);
        tables.set(VADDR, 2, 0);
        tables.map(VADDR + 0x1000, 0x999, FULL);
        assertThat(cpu.counters().structureHits()).isZero();
        assertThat(cpu.translate(VADDR, Access.READ)).isEqualTo(Fault.pageFault(0));
        assertThat(cpu.counters().structureHits()).as("the PDE that memory has no longer").isEqualTo(1);
    }

    @Test
    void prefetchCachesNothingAboveAHoleThroughEntriesNeverAccessed() {
        begin(TlbPolicy.REALISTIC);
        tables.map(VADDR, 0, 0);
        cpu.prefetch(VADDR);
        assertThat(log.take("structure")).isEmpty();
        for (int level = 4; level >= 2; level--) {
            assertThat(Entry.isAccessed(tables.get(VADDR, level))).isFalse();
        }
        tables.set(VADDR, 4, tables.get(VADDR, 4) | Entry.A);
        tables.set(VADDR, 3, tables.get(VADDR, 3) | Entry.A);
        tables.set(VADDR, 2, 0);
        cpu.prefetch(VADDR);
        assertThat(log.take("structure")).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void failedAccessCachesNothing(TlbPolicy policy) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        for (int level = 4; level >= 2; level--) {
            tables.set(VADDR, level, tables.get(VADDR, level) | Entry.A);
        }
        for (long entry : List.of(0L, FULL | 1L << 40, 0x10_0000 | Entry.P)) {
            tables.set(VADDR, 1, entry);
            log.take();
            assertThat(Fault.isFault(cpu.translate(VADDR, Access.USER))).isTrue();
            assertThat(log.take().stream().filter(line -> line.startsWith("fill") || line.startsWith("struct")))
                    .isEmpty();
        }
    }
}
