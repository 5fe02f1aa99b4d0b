package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.PageTables.FULL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.EventLog;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.tlb.TlbGeometry.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes of the caches, which only {@link TlbPolicy#REALISTIC} has, and what is told when one is full. */
class TlbGeometryTest {
    private static final Size ONE = new Size(1, 1);
    private static final long BASE = 0x4000_0000_0000L;

    private final EventLog log = new EventLog();

    private Cpu cpu(TlbPolicy policy, TlbGeometry geometry) {
        Machine machine = Machine.builder().memoryBytes(1L << 44).tlbPolicy(policy).tlbGeometry(geometry).listener(log)
                .build();
        machine.cpu(0).movToCr3(new PageTables(machine).root());
        return machine.cpu(0);
    }

    /** Maps and touches pages of the level from {@link #BASE} on, a stride apart. */
    private static void touch(Cpu cpu, int pages, int level, long stride) {
        touch(cpu, new PageTables(cpu.machine()), 0, pages, level, stride);
    }

    private static void touch(Cpu cpu, PageTables tables, int from, int to, int level, long stride) {
        for (int i = from; i < to; i++) {
            long vaddr = BASE + i * stride;
            if (level == 1) {
                tables.map(vaddr, 0x10_0000 + i, FULL);
            } else {
                tables.mapLarge(vaddr, level, (long) i << 32, FULL);
            }
            assertThat(cpu.translate(vaddr, Access.USER)).isNotNegative();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 2048", "2, 32", "3, 8"})
    void defaultHolds2048And32And8PagesOfConsecutiveAddresses(int level, int capacity) {
        Cpu cpu = cpu(TlbPolicy.REALISTIC, TlbGeometry.DEFAULT);
        PageTables tables = new PageTables(cpu.machine());
        touch(cpu, tables, 0, capacity, level, Paging.sizeBytes(level));
        assertThat(pages(cpu)).isEqualTo(capacity);
        assertThat(log.take("evict")).isEmpty();
        touch(cpu, tables, capacity, capacity + 1, level, Paging.sizeBytes(level));
        assertThat(pages(cpu)).isEqualTo(capacity);
        assertThat(log.take("evict")).containsExactly("evict 0 pcid 0 400000000000 level " + level);
    }

    @Test
    void twelveWaysOf128SetsHold1536Pages() {
        TlbGeometry geometry = new TlbGeometry(new Size(128, 12), ONE, ONE, ONE, ONE, ONE);
        Cpu cpu = cpu(TlbPolicy.REALISTIC, geometry);
        PageTables tables = new PageTables(cpu.machine());
        touch(cpu, tables, 0, 1536, 1, 4096);
        assertThat(pages(cpu)).isEqualTo(1536);
        assertThat(log.take("evict")).isEmpty();
        touch(cpu, tables, 1536, 1537, 1, 4096);
        assertThat(log.take("evict")).containsExactly("evict 0 pcid 0 400000000000 level 1");
    }

    @Test
    void pagesOfOneSetEvictEachOtherAndTheEvictedOneIsWalkedAgain() {
        Cpu cpu = cpu(TlbPolicy.REALISTIC, new TlbGeometry(new Size(2, 1), ONE, ONE, ONE, ONE, ONE));
        touch(cpu, 2, 1, 0x2000);
        assertThat(log.take()).endsWith("evict 0 pcid 0 400000000000 level 1",
                "fill 0 pcid 0 400000002000 -> 100001000 level 1 W U X");
        long walks = cpu.counters().walks();
        cpu.translate(BASE + 0x2000, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(walks);
        cpu.translate(BASE, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(walks + 1);
    }

    @Test
    void evictedLargePageIsWalkedAgainForAllItsAddresses() {
        Cpu cpu = cpu(TlbPolicy.REALISTIC, new TlbGeometry(ONE, ONE, ONE, ONE, ONE, ONE));
        touch(cpu, 2, 2, 2L << 20);
        long walks = cpu.counters().walks();
        cpu.translate(BASE, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(walks + 1);
        cpu.translate(BASE + 0x5000, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(walks + 1);
        cpu.translate(BASE + (2L << 20), Access.USER);
        cpu.translate(BASE + 0x5000, Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(walks + 3);
    }

    /** Strides that need a new PDE, PDPTE, PML4E or PML5E for each address. */
    @ParameterizedTest
    @CsvSource({"2, 0x200000, 7", "3, 0x40000000, 5", "4, 0x8000000000, 3", "5, 0x1000000000000, 3"})
    void structureCachesHaveTheirOwnSizes(int level, String stride, int held) {
        TlbGeometry geometry = new TlbGeometry(ONE, ONE, ONE, new Size(1, 7), new Size(1, 5), new Size(1, 3));
        Machine machine = Machine.builder().pagingLevels(5).tlbGeometry(geometry).build();
        PageTables tables = new PageTables(machine);
        machine.cpu(0).movToCr3(tables.root());
        for (int i = 0; i < 9; i++) {
            tables.map(BASE + i * Long.decode(stride), 0x100 + i, FULL);
            machine.cpu(0).translate(BASE + i * Long.decode(stride), Access.USER);
        }
        int[] found = new int[6];
        machine.cpu(0).forEachPagingStructureEntry(
                (pcid, ofLevel, prefix, nextTable, writable, user) -> found[ofLevel]++);
        assertThat(found[level]).isEqualTo(held);
    }

    @Test
    void otherPoliciesKnowNoSizes() {
        TlbGeometry tiny = new TlbGeometry(ONE, ONE, ONE, ONE, ONE, ONE);
        Cpu adversarial = cpu(TlbPolicy.ADVERSARIAL, tiny);
        touch(adversarial, 3000, 1, 4096);
        assertThat(pages(adversarial)).isEqualTo(3000);
        Cpu none = cpu(TlbPolicy.NONE, tiny);
        touch(none, 10, 1, 4096);
        assertThat(pages(none)).isZero();
        assertThat(log.take("evict")).isEmpty();
        assertThat(log.take()).isEmpty();
    }

    private static int pages(Cpu cpu) {
        int[] found = new int[1];
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> found[0]++);
        return found[0];
    }
}
