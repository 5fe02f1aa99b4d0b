package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.ControlRegisters;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.api.Test;

/** One story, and every counter after each of its steps. */
class CountersTest {
    private final Machine machine = Machine.builder().build();
    private final Cpu cpu = machine.cpu(0);
    private final PageTables tables = new PageTables(machine);

    private void assertCounters(long hits, long misses, long rewalks, long walks, long structureHits, long flags,
            long faults) {
        assertThat(new long[] {cpu.counters().tlbHits(), cpu.counters().tlbMisses(), cpu.counters().rewalks(),
                cpu.counters().walks(), cpu.counters().structureHits(),
                cpu.counters().flagUpdates(), cpu.counters().pageFaults()})
                .as("hits misses rewalks walks structures flags faults")
                .containsExactly(hits, misses, rewalks, walks, structureHits, flags, faults);
    }

    @Test
    void everyAccessIsAHitAMissARewalkOrAGeneralProtection() {
        cpu.movToCr3(tables.root());
        tables.map(VADDR, 0x100, FULL);
        tables.map(VADDR + 4096, 0x101, Entry.P | Entry.US);
        assertCounters(0, 0, 0, 0, 0, 0, 0);
        cpu.translate(VADDR, Access.USER);
        assertCounters(0, 1, 0, 1, 0, 4, 0);
        cpu.translate(VADDR, Access.USER);
        cpu.translation(VADDR, Access.READ);
        assertCounters(2, 1, 0, 1, 0, 4, 0);
        cpu.writeByte(VADDR, Access.USER, 1);
        assertCounters(2, 1, 1, 2, 1, 5, 0);
        cpu.writeByte(VADDR, Access.USER, 1);
        assertCounters(3, 1, 1, 2, 1, 5, 0);
        cpu.translate(VADDR + 4096, Access.USER);
        assertCounters(3, 2, 1, 3, 2, 6, 0);
        cpu.writeByte(VADDR + 4096, Access.USER, 1);
        assertCounters(3, 2, 2, 4, 3, 6, 1);
        cpu.writeByte(VADDR + 4096, Access.USER, 1);
        assertCounters(3, 3, 2, 5, 3, 6, 2);
        cpu.translate(1L << 62, Access.USER);
        assertCounters(3, 3, 2, 5, 3, 6, 2);
        assertThat(cpu.counters().walkRestarts()).isZero();
    }

    @Test
    void flushesAndInvlpgsAreCountedApart() {
        Modes.setCr4(cpu, Cr4.PCIDE);
        assertThat(cpu.counters().tlbFlushes()).isZero();
        cpu.movToCr3(tables.root());
        assertThat(cpu.counters().tlbFlushes()).isEqualTo(1);
        cpu.movToCr3(tables.root() | ControlRegisters.CR3_NO_FLUSH);
        cpu.invpcid(0, 0, VADDR);
        cpu.movToCr4(cpu.cr4() | Cr4.SMAP);
        cpu.writeEfer(cpu.efer());
        assertThat(cpu.counters().tlbFlushes()).isEqualTo(1);
        for (int type = 1; type <= 3; type++) {
            cpu.invpcid(type, 0, VADDR);
            assertThat(cpu.counters().tlbFlushes()).isEqualTo(1 + type);
        }
        Modes.setCr4(cpu, Cr4.SMEP);
        Modes.clearCr4(cpu, Cr4.PGE);
        Modes.executeDisable(cpu, false);
        assertThat(cpu.counters().tlbFlushes()).isEqualTo(7);
        assertThat(cpu.counters().invlpgs()).isZero();
        cpu.invlpg(VADDR);
        cpu.invlpg(0);
        cpu.invlpg(1L << 62);
        assertThat(cpu.counters().invlpgs()).isEqualTo(2);
        assertThat(cpu.counters().tlbFlushes()).isEqualTo(7);
    }

    @Test
    void withoutCachesEveryAccessIsAMissAndAWalkFromTheRoot() {
        Machine bare = Machine.builder().tlbPolicy(TlbPolicy.NONE).build();
        PageTables its = new PageTables(bare);
        its.map(VADDR, 0x100, FULL);
        Cpu itsCpu = bare.cpu(0);
        itsCpu.movToCr3(its.root());
        for (int i = 0; i < 5; i++) {
            itsCpu.translate(VADDR, Access.USER | Access.WRITE);
        }
        assertThat(itsCpu.counters().tlbHits()).isZero();
        assertThat(itsCpu.counters().tlbMisses()).isEqualTo(5);
        assertThat(itsCpu.counters().walks()).isEqualTo(5);
        assertThat(itsCpu.counters().structureHits()).isZero();
        assertThat(itsCpu.counters().rewalks()).isZero();
        assertThat(itsCpu.counters().flagUpdates()).isEqualTo(4);
        assertThat(bare.tlbPolicy()).isEqualTo(TlbPolicy.NONE);
    }

    @Test
    void cpuKnowsItsNumberAndItsMachine() {
        Machine pair = Machine.builder().cpus(2).build();
        assertThat(pair.cpu(1).id()).isEqualTo(1);
        assertThat(pair.cpu(1).machine()).isSameAs(pair);
        assertThat(pair.cpu(1)).hasToString("CPU 1");
        assertThat(pair.cpu(1).memory().physical()).isSameAs(pair.memory());
    }
}
