package dev.cowtable.mm.tlb;

import static dev.cowtable.mm.MmLab.RW;
import static dev.cowtable.mm.MmLab.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.MmLab;
import dev.cowtable.mm.fault.UserAccess;
import dev.cowtable.mm.fault.UserFault;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Fault;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** TLBs that never evict by themselves: what is not flushed stays stale. */
class TlbFlushTest {
    private final MmLab lab = new MmLab();
    private final Kernel kernel = lab.kernel;
    private final TlbFlush tlbFlush = kernel.tlbFlush();
    private final MmStruct mm = lab.mm;
    private final Cpu cpu = lab.cpu;
    private final Cpu other = kernel.machine().cpu(1);
    private final FlushDebt debt = new FlushDebt(mm);

    @BeforeEach
    void bothCpusHaveUsedPageZero() {
        lab.map(0, 8, RW);
        kernel.userAccess().writeByte(cpu, mm, at(0), 42);
        kernel.userAccess().readByte(other, mm, at(0));
    }

    private static boolean faults(Cpu by, long vaddr) {
        return Fault.isFault(by.readByte(vaddr, Access.USER));
    }

    @Test
    void clearedEntryIsStillUsedUntilItsDebtIsSettledOnEveryCpu() {
        cpu.memory().exchange(lab.ptePaddr(mm, 0), 0);
        debt.owe(at(0), at(1));
        assertThat(cpu.readByte(at(0), Access.USER)).isEqualTo(42);
        assertThat(other.readByte(at(0), Access.USER)).isEqualTo(42);
        tlbFlush.settle(cpu, debt);
        assertThat(faults(cpu, at(0))).isTrue();
        assertThat(faults(other, at(0))).isTrue();
        assertThat(debt.isOwed()).isFalse();
    }

    @Test
    void unmappingReachesTheOtherCpuByOneInterrupt() {
        long before = kernel.counters().sum(Counter.IPI);
        lab.munmap(0, 1);
        assertThat(kernel.counters().sum(Counter.IPI)).isEqualTo(before + 1);
        assertThat(UserAccess.faultOf(kernel.userAccess().readByte(other, mm, at(0)))).isEqualTo(UserFault.SEGV_MAPERR);
        lab.assertConsistent();
    }

    @Test
    void cpuThatHasSwitchedAwayIsNotInterrupted() {
        tlbFlush.switchMm(other, lab.newMm());
        assertThat(mm.cpumask()).isEqualTo(1);
        long before = kernel.machine().ipisSent();
        debt.owe(at(0), at(1));
        tlbFlush.settle(cpu, debt);
        assertThat(kernel.machine().ipisSent()).isEqualTo(before);
    }

    @Test
    void cpuThatDoesNotRunTheAddressSpaceFlushesThoseThatDo() {
        tlbFlush.switchMm(cpu, lab.newMm());
        long own = cpu.counters().invlpgs() + cpu.counters().tlbFlushes();
        cpu.memory().exchange(lab.ptePaddr(mm, 0), 0);
        debt.owe(at(0), at(1));
        tlbFlush.settle(cpu, debt);
        assertThat(faults(other, at(0))).isTrue();
        assertThat(cpu.counters().invlpgs() + cpu.counters().tlbFlushes()).isEqualTo(own);
    }

    @Test
    void flushThatNobodyOwedIsCountedAsNeedlessAndNotDone() {
        long flushes = kernel.counters().sum(Counter.TLB_FLUSH);
        long interrupts = kernel.machine().ipisSent();
        tlbFlush.settle(cpu, debt);
        assertThat(kernel.counters().sum(Counter.TLB_FLUSH_NEEDLESS)).isEqualTo(1);
        assertThat(kernel.counters().sum(Counter.TLB_FLUSH)).isEqualTo(flushes);
        assertThat(kernel.machine().ipisSent()).isEqualTo(interrupts);
    }

    @Test
    void settlingIfOwedDoesNothingWithoutADebtAndSettlesOne() {
        tlbFlush.settleIfOwed(cpu, debt);
        assertThat(kernel.counters().sum(Counter.TLB_FLUSH_NEEDLESS)).isZero();
        debt.owe(at(0), at(1));
        tlbFlush.settleIfOwed(cpu, debt);
        debt.requireSettled("the end");
        assertThat(mm.tlbFlushPending()).isZero();
    }

    @Test
    void thirtyThreePagesAreInvalidatedOneByOneAndMoreAreFlushedAtOnce() {
        long single = other.counters().invlpgs();
        long full = other.counters().tlbFlushes();
        debt.owe(at(0), at(33));
        tlbFlush.settle(cpu, debt);
        assertThat(other.counters().invlpgs()).isEqualTo(single + 33);
        assertThat(other.counters().tlbFlushes()).isEqualTo(full);
        debt.owe(at(0), at(34));
        tlbFlush.settle(cpu, debt);
        assertThat(other.counters().invlpgs()).isEqualTo(single + 33);
        assertThat(other.counters().tlbFlushes()).isEqualTo(full + 1);
    }

    @Test
    void structureDebtEmptiesThePagingStructureCachesHoweverSmallItIs() {
        assertThat(structureEntries(other)).isPositive();
        long full = other.counters().tlbFlushes();
        debt.oweStructure(at(0), at(1));
        tlbFlush.settle(cpu, debt);
        assertThat(structureEntries(cpu)).isZero();
        assertThat(structureEntries(other)).isZero();
        assertThat(other.counters().tlbFlushes()).isEqualTo(full + 1);
    }

    private static int structureEntries(Cpu of) {
        int[] entries = new int[1];
        of.forEachPagingStructureEntry((pcid, level, vaddr, paddr, writable, user) -> entries[0]++);
        return entries[0];
    }

    @Test
    void pagesBesideTheOwedRangeKeepTheirTranslations() {
        kernel.userAccess().writeByte(cpu, mm, at(1), 43);
        cpu.memory().exchange(lab.ptePaddr(mm, 1), 0);
        debt.owe(at(0), at(1));
        tlbFlush.settle(cpu, debt);
        assertThat(cpu.readByte(at(1), Access.USER)).isEqualTo(43);
    }

    @Test
    void switchLoadsTheTablesOnceAndLeavesTheOldAddressSpace() {
        MmStruct next = lab.newMm();
        tlbFlush.switchMm(cpu, next);
        assertThat(tlbFlush.loadedMm(cpu)).isSameAs(next);
        assertThat(cpu.cr3()).isEqualTo(next.pgdPaddr());
        assertThat(next.cpumask()).isEqualTo(1);
        assertThat(mm.cpumask()).isEqualTo(2);
        assertThat(faults(cpu, at(0))).isTrue();
        long flushes = cpu.counters().tlbFlushes();
        tlbFlush.switchMm(cpu, next);
        assertThat(cpu.counters().tlbFlushes()).isEqualTo(flushes);
    }

    @Test
    void dyingAddressSpaceIsLeftByEveryCpuBeforeItsTopTableIsFreed() {
        kernel.exitMmap(cpu, mm);
        assertThat(mm.cpumask()).isZero();
        for (Cpu each : new Cpu[] {cpu, other}) {
            assertThat(tlbFlush.loadedMm(each)).isNull();
            assertThat(each.cr3()).isEqualTo(kernel.initPgdPaddr());
        }
        lab.assertConsistent();
    }
}
