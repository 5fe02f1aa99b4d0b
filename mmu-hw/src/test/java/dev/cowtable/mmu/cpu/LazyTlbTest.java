package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A shootdown passes a lazy CPU by; the CPU flushes when it is no longer lazy, if it was passed by. */
class LazyTlbTest {
    private final Machine machine = Machine.builder().cpus(3).tlbPolicy(TlbPolicy.ADVERSARIAL).build();
    private final Cpu sender = machine.cpu(0);
    private final Cpu lazy = machine.cpu(1);
    private final PageTables tables = new PageTables(machine);

    LazyTlbTest() {
        tables.map(VADDR, 0x100, FULL);
        tables.map(VADDR + 0x10_0000, 0x101, FULL | Entry.G);
        for (int id = 0; id < 3; id++) {
            machine.cpu(id).movToCr3(tables.root());
            machine.cpu(id).translate(VADDR, Access.USER);
            machine.cpu(id).translate(VADDR + 0x10_0000, Access.USER);
        }
    }

    private IpiRequest shootdown(long mask) {
        return machine.shootdown(sender, mask, target -> target.invlpg(VADDR));
    }

    @Test
    void lazyCpuIsNotInterruptedAndFlushesOnceWhenItLeaves() {
        lazy.enterLazyTlb();
        IpiRequest request = shootdown(0b111);
        assertThat(request.sentMask()).isEqualTo(0b100);
        assertThat(shootdown(0b010).sentMask()).as("marked already").isZero();
        assertThat(machine.ipisSent()).isEqualTo(1);
        tables.map(VADDR, 0x200, FULL);
        tables.map(VADDR + 0x10_0000, 0x201, FULL | Entry.G);
        long flushes = lazy.counters().tlbFlushes();
        lazy.leaveLazyTlb();
        assertThat(lazy.counters().tlbFlushes()).isEqualTo(flushes + 1);
        assertThat(lazy.translate(VADDR, Access.USER)).isEqualTo(0x20_0000);
        assertThat(lazy.translate(VADDR + 0x10_0000, Access.USER)).as("global").isEqualTo(0x10_1000);
        lazy.enterLazyTlb();
        lazy.leaveLazyTlb();
        assertThat(lazy.counters().tlbFlushes()).as("nothing happened meanwhile").isEqualTo(flushes + 1);
    }

    @Test
    void lazyCpuThatWasNotPassedByKeepsItsTlb() {
        lazy.enterLazyTlb();
        shootdown(0b100);
        machine.sendIpi(sender, 0b010, target -> {});
        long flushes = lazy.counters().tlbFlushes();
        lazy.leaveLazyTlb();
        assertThat(lazy.counters().tlbFlushes()).isEqualTo(flushes);
        lazy.leaveLazyTlb();
        assertThat(lazy.counters().tlbFlushes()).isEqualTo(flushes);
    }

    @Test
    void activeCpuIsInterruptedAndOwesNothing() {
        lazy.enter();
        IpiRequest request = shootdown(0b010);
        assertThat(request.sentMask()).isEqualTo(0b010);
        long flushes = lazy.counters().tlbFlushes();
        lazy.step(Step.OTHER, 0);
        assertThat(lazy.counters().invlpgs()).isEqualTo(1);
        lazy.enterLazyTlb();
        lazy.leaveLazyTlb();
        assertThat(lazy.counters().tlbFlushes()).isEqualTo(flushes);
    }

    @Test
    void cpuThatIsNoLongerLazyIsInterruptedAgain() {
        lazy.enterLazyTlb();
        shootdown(0b010);
        lazy.leaveLazyTlb();
        assertThat(shootdown(0b010).acknowledgedMask()).isEqualTo(0b010);
        assertThat(lazy.counters().invlpgs()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void leavingDropsStructureEntriesToo(TlbPolicy policy) {
        Machine other = Machine.builder().cpus(2).tlbPolicy(policy).build();
        PageTables its = new PageTables(other);
        its.map(VADDR, 0x100, FULL);
        Cpu cpu = other.cpu(1);
        cpu.movToCr3(its.root());
        cpu.translate(VADDR, Access.USER);
        cpu.enterLazyTlb();
        other.shootdown(other.cpu(0), 0b10, target -> {});
        cpu.leaveLazyTlb();
        cpu.forEachPagingStructureEntry((pcid, level, prefix, nextTable, writable, user) -> {
            throw new AssertionError("level " + level + " is left");
        });
        cpu.forEachTlbEntry((pcid, vaddr, sizeBytes, pfn, writable, user, executable, dirty, global) -> {
            throw new AssertionError(Long.toHexString(vaddr) + " is left");
        });
    }
}
