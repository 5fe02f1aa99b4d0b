package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.cpu.Machine;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.event.MmuListener;
import dev.cowtable.mmu.exec.Executor;
import dev.cowtable.mmu.exec.Step;
import dev.cowtable.mmu.exec.Waitable;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.mmu.tlb.Translation;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Nothing is cached before A is 1 in every entry that led to it (SDM volume 3, 4.8), nor a D that memory lacks. */
class AccessedBeforeCachedTest {
    private static final long BASE = 0x1234_0000_0000L;

    @Property(tries = 60)
    void everyFillFindsAccessedSetInMemory(@ForAll Random random, @ForAll TlbPolicy policy) {
        Witness witness = new Witness();
        Machine machine = Machine.builder().pagingLevels(5).tlbPolicy(policy).listener(witness).build();
        witness.memory = machine.memory();
        PageTables tables = new PageTables(machine);
        Cpu cpu = machine.cpu(0);
        cpu.movToCr3(tables.root());
        for (int i = 0; i < 200; i++) {
            long vaddr = BASE + ((long) random.nextInt(2) << 30) + ((long) random.nextInt(2) << 21)
                    + ((long) random.nextInt(3) << 12);
            witness.path.clear();
            switch (random.nextInt(6)) {
                case 0 -> tables.map(vaddr, 0x100 + i, Entry.P | random.nextLong() & 0x66);
                case 1 -> tables.set(vaddr, 3, tables.get(vaddr, 3) & ~Entry.A);
                case 2 -> cpu.invlpg(vaddr);
                case 3 -> cpu.prefetch(vaddr);
                default -> cpu.translate(vaddr, random.nextInt(4) << 1);
            }
        }
        assertThat(witness.fills > 0).isEqualTo(policy != TlbPolicy.NONE);
    }

    /** Looks at the entries of the walk at hand when something is filled. */
    private static final class Witness implements MmuListener {
        private final Map<Integer, Long> path = new HashMap<>();
        private PhysicalMemory memory = new PhysicalMemory(4096);
        private int fills;

        @Override
        public void walkStep(int cpu, int level, long entryPaddr, long entry) {
            path.put(level, entryPaddr);
        }

        @Override
        public void structureFilled(int cpu, int pcid, long vaddr, long translation) {
            checkPathDownTo(Translation.level(translation));
        }

        @Override
        public void tlbFilled(int cpu, int pcid, long vaddr, long translation) {
            fills++;
            int level = Translation.level(translation);
            checkPathDownTo(level + 1);
            long table = path.getOrDefault(level, 0L) & -Paging.PAGE_BYTES;
            long entry = memory.read(table + 8L * Paging.index(vaddr, level));
            assertThat(Entry.isAccessed(entry)).isTrue();
            assertThat(Entry.isDirty(entry) || (translation & Translation.DIRTY) == 0).isTrue();
        }

        private void checkPathDownTo(int level) {
            path.forEach((ofLevel, paddr) -> {
                if (ofLevel >= level) {
                    assertThat(Entry.isAccessed(memory.read(paddr))).as("level %d", ofLevel).isTrue();
                }
            });
        }
    }

    /** Another CPU changes the PDE between its read and the compare-and-exchange of its A flag. */
    @Test
    void flagThatWasNotSetIsNotToldAndTheWalkBeginsAgain() {
        StringBuilder told = new StringBuilder();
        Meddler meddler = new Meddler();
        Machine machine = Machine.builder().executor(meddler).listener(new MmuListener() {
            @Override
            public void flagsSet(int cpu, int level, long entryPaddr, long before, long after) {
                told.append(level).append(' ');
            }
        }).build();
        PageTables tables = new PageTables(machine);
        tables.map(BASE, 0x100, PageTables.FULL);
        meddler.memory = machine.memory();
        meddler.target = tables.entryPaddr(BASE, 2);
        Cpu cpu = machine.cpu(0);
        cpu.movToCr3(tables.root());
        assertThat(cpu.translate(BASE, Access.USER)).isEqualTo(Fault.pageFault(5));
        assertThat(told).hasToString("4 3 ");
        assertThat(cpu.counters().walkRestarts()).isEqualTo(1);
        assertThat(cpu.counters().walks()).isEqualTo(1);
        assertThat(cpu.translate(BASE, Access.READ)).isEqualTo(0x10_0000);
        assertThat(told).as("the two upper flags were set before").hasToString("4 3 2 1 ");
        assertThat(cpu.counters().walkRestarts()).isEqualTo(1);
        assertThat(cpu.counters().flagUpdates()).isEqualTo(5);
    }

    private static final class Meddler implements Executor {
        private PhysicalMemory memory = new PhysicalMemory(4096);
        private long target = -1;

        @Override
        public boolean observesSteps() {
            return true;
        }

        @Override
        public void step(Cpu cpu, Step kind, long where) {
            if (kind == Step.READ_MODIFY_WRITE && where == target) {
                memory.fetchAndAnd(target, ~Entry.US);
                target = -1;
            }
        }

        @Override
        public void blockedOn(Cpu cpu, Waitable what) {
            throw new AssertionError(what.describe());
        }
    }
}
