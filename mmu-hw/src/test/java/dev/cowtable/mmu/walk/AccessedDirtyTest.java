package dev.cowtable.mmu.walk;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AccessedDirtyTest {
    private final Machine machine = Machine.builder().build();
    private final Cpu cpu = machine.cpu(0);
    private final PageTables tables = new PageTables(machine);

    AccessedDirtyTest() {
        cpu.movToCr3(tables.root());
        tables.map(VADDR, 0x345, FULL);
    }

    @Test
    void readSetsAccessedInEveryEntryAndDirtyInNone() {
        cpu.readByte(VADDR, Access.USER);
        assertThat(flags()).isEqualTo("A A A A");
    }

    @Test
    void writeSetsDirtyInTheLeafAlone() {
        cpu.writeByte(VADDR, Access.USER, 1);
        assertThat(flags()).isEqualTo("A A A AD");
    }

    @Test
    void dirtyGoesIntoALargeLeaf() {
        tables.set(VADDR, 2, FULL | Entry.PS);
        cpu.writeByte(VADDR, Access.USER, 1);
        assertThat(tables.get(VADDR, 2) & (Entry.A | Entry.D)).isEqualTo(Entry.A | Entry.D);
        assertThat(tables.get(VADDR, 3) & (Entry.A | Entry.D)).isEqualTo(Entry.A);
    }

    @ParameterizedTest
    @EnumSource
    void writeAfterReadWalksAgainToSetDirty(TlbPolicy policy) {
        Machine other = Machine.builder().tlbPolicy(policy).build();
        PageTables its = new PageTables(other);
        its.map(VADDR, 0x345, FULL);
        other.cpu(0).movToCr3(its.root());
        other.cpu(0).readByte(VADDR, Access.USER);
        assertThat(Entry.isDirty(its.get(VADDR, 1))).isFalse();
        other.cpu(0).writeByte(VADDR, Access.USER, 1);
        assertThat(Entry.isDirty(its.get(VADDR, 1))).isTrue();
        assertThat(other.cpu(0).counters().rewalks()).isEqualTo(policy == TlbPolicy.NONE ? 0 : 1);
    }

    @Test
    void faultingAccessSetsNothing() {
        tables.set(VADDR, 1, 0);
        cpu.readByte(VADDR, Access.USER);
        tables.map(VADDR, 0x345, Entry.P | Entry.US);
        cpu.writeByte(VADDR, Access.USER, 1);
        assertThat(flags()).isEqualTo("- - - -");
    }

    @Test
    void clearedFlagsStayClearWhileTheTranslationIsCached() {
        cpu.writeByte(VADDR, Access.USER, 1);
        tables.map(VADDR, 0x345, FULL);
        cpu.writeByte(VADDR, Access.USER, 2);
        assertThat(flags()).isEqualTo("A A A -");
        cpu.invlpg(VADDR);
        cpu.writeByte(VADDR, Access.USER, 3);
        assertThat(flags()).isEqualTo("A A A AD");
    }

    @Test
    void flagsThatAreSetAlreadyAreNotWrittenAgain() {
        cpu.readByte(VADDR, Access.USER);
        assertThat(cpu.counters().flagUpdates()).isEqualTo(4);
        Modes.flushAll(cpu);
        cpu.readByte(VADDR, Access.USER);
        assertThat(cpu.counters().flagUpdates()).isEqualTo(4);
        Modes.flushAll(cpu);
        cpu.writeByte(VADDR, Access.USER, 1);
        assertThat(cpu.counters().flagUpdates()).as("D of the leaf alone").isEqualTo(5);
    }

    @Test
    void entryChangedBeforeItsFlagsAreSetStartsTheWalkAgain() {
        Meddler meddler = new Meddler();
        Machine raced = Machine.builder().executor(meddler).build();
        PageTables its = new PageTables(raced);
        its.map(VADDR, 0x345, FULL);
        meddler.target = its.entryPaddr(VADDR, 1);
        meddler.machine = raced;
        raced.cpu(0).movToCr3(its.root());
        long result = raced.cpu(0).writeByte(VADDR, Access.USER, 1);
        assertThat(Fault.describe(result)).isEqualTo("#PF(7: P W U)");
        assertThat(raced.cpu(0).counters().walkRestarts()).isEqualTo(1);
        assertThat(its.get(VADDR, 1)).isEqualTo(Paging.paddr(0x345) | Entry.P | Entry.US);
        assertThat(raced.memory().isUniform(0x345)).isTrue();
    }

    /** Levels 4 to 1. */
    private String flags() {
        StringBuilder text = new StringBuilder();
        for (int level = 4; level >= 1; level--) {
            long entry = tables.get(VADDR, level);
            String set = (Entry.isAccessed(entry) ? "A" : "") + (Entry.isDirty(entry) ? "D" : "");
            text.append(set.isEmpty() ? "-" : set).append(level > 1 ? " " : "");
        }
        return text.toString();
    }

    /** Takes away the write right between the walk's read of the leaf and its compare-and-exchange. */
    private static final class Meddler implements Executor {
        private long target;
        private Machine machine = Machine.builder().build();

        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu cpu, Step kind, long where) {
            if (kind == Step.READ_MODIFY_WRITE && where == target) {
                machine.memory().fetchAndAnd(target, ~Entry.RW);
                target = -1;
            }
        }

        @Override
        public void blockedOn(Cpu cpu, Waitable what) {
            throw new AssertionError(what.describe());
        }
    }
}
