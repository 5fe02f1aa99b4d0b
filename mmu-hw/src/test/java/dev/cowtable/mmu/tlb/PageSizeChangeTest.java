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
import dev.cowtable.mmu.reg.CpuModel;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** After a change of page size without invalidation either may be used; afterwards only the new one (SDM 4.10.2.4). */
@SuppressWarnings("NullAway.Init")
class PageSizeChangeTest {
    private static final long SECOND = VADDR + 0x10_0000;
    private static final long LARGE = 0x4000_0000L;

    private Cpu cpu;
    private PageTables tables;
    private boolean caches;

    private void begin(TlbPolicy policy) {
        Machine machine = Machine.builder().memoryBytes(1L << 32).model(CpuModel.AMD).tlbPolicy(policy).build();
        cpu = machine.cpu(0);
        tables = new PageTables(machine);
        cpu.movToCr3(tables.root());
        caches = policy != TlbPolicy.NONE;
    }

    private long large(long vaddr) {
        return LARGE + (vaddr & (Paging.sizeBytes(2) - 1));
    }

    @ParameterizedTest
    @EnumSource
    void smallPagesStayInsideANewLargePage(TlbPolicy policy) {
        begin(policy);
        tables.map(VADDR, 0x100, FULL);
        cpu.translate(VADDR, Access.USER);
        tables.mapLarge(VADDR, 2, LARGE, FULL);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(caches ? 0x10_0000 : large(VADDR));
        cpu.invlpg(VADDR);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(large(VADDR));
        assertThat(cpu.translate(SECOND, Access.USER)).isEqualTo(large(SECOND));
    }

    @ParameterizedTest
    @EnumSource
    void largePageStaysAboveNewSmallPages(TlbPolicy policy) {
        begin(policy);
        tables.mapLarge(VADDR, 2, LARGE, FULL);
        cpu.translate(VADDR, Access.USER);
        tables.set(VADDR, 2, 0);
        tables.map(VADDR, 0x100, FULL);
        tables.map(SECOND, 0x101, FULL);
        assertThat(cpu.translate(SECOND, Access.USER)).isEqualTo(caches ? large(SECOND) : 0x10_1000);
        cpu.invlpg(VADDR);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(0x10_0000);
        assertThat(cpu.translate(SECOND, Access.USER)).isEqualTo(0x10_1000);
    }

    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void bothSizesMayBeHeldAndOneInvlpgDropsBoth(TlbPolicy policy) {
        begin(policy);
        tables.map(VADDR, 0x100, Entry.P | Entry.US);
        cpu.translate(VADDR, Access.USER);
        tables.mapLarge(VADDR, 2, LARGE, FULL);
        cpu.invpcid(0, 0, SECOND);
        assertThat(cpu.translate(VADDR, Access.USER | Access.WRITE)).as("walked").isEqualTo(large(VADDR));
        assertThat(sizes()).containsExactly(1L << 12, 1L << 21);
        assertThat(cpu.translate(VADDR, Access.USER)).isIn(0x10_0000L, large(VADDR));
        cpu.invlpg(VADDR);
        assertThat(sizes()).isEmpty();
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(large(VADDR));
    }

    @ParameterizedTest
    @EnumSource(names = {"REALISTIC", "ADVERSARIAL"})
    void hugePageGoesWholeByAnyOfItsAddresses(TlbPolicy policy) {
        begin(policy);
        tables.mapLarge(VADDR, 3, 0, FULL);
        cpu.translate(VADDR, Access.USER);
        cpu.translate(VADDR + (5L << 21), Access.USER);
        assertThat(cpu.counters().walks()).isEqualTo(1);
        tables.mapLarge(VADDR, 3, LARGE, FULL);
        long last = (VADDR & -Paging.sizeBytes(3)) + Paging.sizeBytes(3) - 1;
        cpu.invlpg(last + 1);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(VADDR & 0x3fff_ffff);
        cpu.invlpg(last);
        assertThat(cpu.translate(VADDR, Access.USER)).isEqualTo(LARGE + (VADDR & 0x3fff_ffff));
        assertThat(cpu.translate(VADDR + (5L << 21), Access.USER))
                .isEqualTo(LARGE + ((VADDR + (5L << 21)) & 0x3fff_ffff));
    }

    private Set<Long> sizes() {
        Set<Long> found = new TreeSet<>();
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> found
                .add(sizeBytes));
        return found;
    }
}
