package dev.cowtable.mmu.cpu;

import static dev.cowtable.mmu.PageTables.FULL;
import static dev.cowtable.mmu.PageTables.VADDR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cowtable.mmu.Modes;
import dev.cowtable.mmu.PageTables;
import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Access;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Loads from one page again and again, which need no look at the page's frame, see what a first load would. */
class RepeatedLoadTest {
    private static final int PAGES = 6;
    private static final int FRAMES = 4;
    private static final long FIRST_PFN = 0x100;

    private final Machine machine = Machine.builder().cpus(2).build();
    private final Cpu cpu = machine.cpu(0);
    private final PageTables tables = new PageTables(machine);
    private final long[] out = new long[1];

    RepeatedLoadTest() {
        cpu.movToCr3(tables.root());
        tables.map(VADDR, FIRST_PFN, FULL);
        machine.memory().write(Paging.paddr(FIRST_PFN), 1);
        for (int i = 0; i < 3; i++) {
            assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(1);
        }
    }

    private long load(Cpu by, long vaddr, int access) {
        long fault = by.readWord(vaddr, access, out);
        return fault != 0 ? fault : out[0];
    }

    @Test
    void eachLoadIsCountedAsOneTranslation() {
        assertThat(cpu.counters().tlbMisses()).isEqualTo(1);
        assertThat(cpu.counters().tlbHits()).isEqualTo(2);
        assertThat(cpu.counters().walks()).isEqualTo(1);
    }

    @Test
    void storeFillAndCopyAreSeen() {
        machine.memory().write(Paging.paddr(FIRST_PFN), 2);
        assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(2);
        machine.memory().fillFrame(FIRST_PFN, 3);
        assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(3);
        machine.memory().write(Paging.paddr(FIRST_PFN), 4);
        assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(4);
        machine.memory().copyFrame(FIRST_PFN + 1, FIRST_PFN);
        assertThat(load(cpu, VADDR, Access.USER)).isZero();
    }

    @Test
    void newFrameIsReadAfterAnInvalidationAndNotBefore() {
        machine.memory().write(Paging.paddr(FIRST_PFN + 1), 5);
        tables.map(VADDR, FIRST_PFN + 1, FULL);
        assertThat(load(cpu, VADDR, Access.USER)).as("stale").isEqualTo(1);
        cpu.invlpg(VADDR);
        assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(5);
        assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(5);
    }

    @Test
    void pendingInvalidationIsDoneBeforeTheNextLoad() {
        machine.memory().write(Paging.paddr(FIRST_PFN + 1), 5);
        tables.map(VADDR, FIRST_PFN + 1, FULL);
        cpu.enter();
        machine.sendIpi(machine.cpu(1), 0b01, target -> target.invlpg(VADDR));
        assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(5);
    }

    /** Page numbers equal modulo 1024. */
    @Test
    void pageThatSharesItsPlaceWithAnotherReadsItsOwnFrame() {
        long other = VADDR + (1024L << Paging.PAGE_SHIFT);
        tables.map(other, FIRST_PFN + 1, FULL);
        machine.memory().write(Paging.paddr(FIRST_PFN + 1), 5);
        for (int i = 0; i < 3; i++) {
            assertThat(load(cpu, other, Access.USER)).isEqualTo(5);
            assertThat(load(cpu, other, Access.USER)).isEqualTo(5);
            assertThat(load(cpu, VADDR, Access.USER)).isEqualTo(1);
        }
    }

    @Test
    void modeThatForbidsTheAccessStopsTheNextLoad() {
        Modes.setCr4(cpu, Cr4.SMAP);
        cpu.setAc(true);
        for (int i = 0; i < 2; i++) {
            assertThat(load(cpu, VADDR, Access.READ)).isEqualTo(1);
        }
        cpu.setAc(false);
        assertThat(Fault.isFault(load(cpu, VADDR, Access.READ))).isTrue();
    }

    /** A kind of access without a bit of its own beside the frame's. */
    @Test
    void kindOfAccessThatNothingMakesIsLookedUpInFull() {
        for (int kind = 0; kind < Access.KINDS; kind++) {
            tables.map(VADDR, FIRST_PFN, Entry.P | Entry.US | Entry.XD);
            cpu.invlpg(VADDR);
            load(cpu, VADDR, Access.USER);
            load(cpu, VADDR, Access.USER);
            long address = cpu.translate(VADDR, kind << 1);
            load(cpu, VADDR, Access.USER);
            load(cpu, VADDR, Access.USER);
            assertThat(load(cpu, VADDR, kind << 1)).as("kind %d", kind).isEqualTo(address < 0 ? address : 1);
        }
    }

    @Test
    void addressThatIsNotAlignedIsRefusedAgainAndAgain() {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> cpu.readWord(VADDR + 4, Access.USER, out))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void bufferedStoreIsSeenByItsOwnCpu() {
        Machine buffered = Machine.builder().storeBuffer(4).build();
        PageTables its = new PageTables(buffered);
        buffered.cpu(0).movToCr3(its.root());
        its.map(VADDR, FIRST_PFN, FULL);
        buffered.memory().write(Paging.paddr(FIRST_PFN), 1);
        for (int value = 2; value < 6; value++) {
            buffered.cpu(0).writeWord(VADDR, Access.USER, value);
            assertThat(load(buffered.cpu(0), VADDR, Access.USER)).isEqualTo(value);
        }
        assertThat(buffered.memory().read(Paging.paddr(FIRST_PFN))).isEqualTo(1);
    }

    /** The twin loads operands of 8 bytes, which are translated and read apart. */
    @Property(tries = 60)
    void answersAndCountersAreThoseOfLoadsInTwoParts(@ForAll Random random, @ForAll TlbPolicy policy) {
        World fast = new World(policy);
        World slow = new World(policy);
        for (int i = 0; i < 2000; i++) {
            long seed = random.nextLong();
            fast.act(new Random(seed));
            slow.act(new Random(seed));
            long vaddr = page(random.nextInt(PAGES)) | random.nextInt(2) << 3;
            int access = random.nextInt(Access.KINDS) << 1;
            long[] expected = new long[1];
            out[0] = 0;
            long fault = slow.cpu.load(vaddr, Long.BYTES, access, expected);
            assertThat(fast.cpu.readWord(vaddr, access, out)).isEqualTo(fault);
            assertThat(out).isEqualTo(expected);
            assertThat(fast.cpu.counters().tlbHits()).isEqualTo(slow.cpu.counters().tlbHits());
        }
        assertThat(fast.cpu.counters().walks()).isEqualTo(slow.cpu.counters().walks());
        assertThat(fast.cpu.counters().tlbMisses()).isEqualTo(slow.cpu.counters().tlbMisses());
    }

    /** Each second page shares the place of the one before. */
    private static long page(int i) {
        return VADDR + ((long) (i >> 1) + (i & 1) * 1024L << Paging.PAGE_SHIFT);
    }

    /** More pages than frames. */
    private static final class World {
        private final Machine machine;
        private final Cpu cpu;
        private final PageTables tables;

        World(TlbPolicy policy) {
            machine = Machine.builder().tlbPolicy(policy).build();
            cpu = machine.cpu(0);
            tables = new PageTables(machine);
            cpu.movToCr3(tables.root());
            for (int i = 0; i < PAGES; i++) {
                tables.map(page(i), FIRST_PFN + i % FRAMES, FULL);
            }
        }

        void act(Random random) {
            long pfn = FIRST_PFN + random.nextInt(FRAMES);
            long vaddr = page(random.nextInt(PAGES));
            switch (random.nextInt(24)) {
                case 0 -> machine.memory().fillFrame(pfn, random.nextInt(4));
                case 1 -> machine.memory().copyFrame(pfn, FIRST_PFN + random.nextInt(FRAMES));
                case 2, 3 -> machine.memory().write(Paging.paddr(pfn) | random.nextInt(2) << 3, random.nextInt(4));
                case 4 -> tables.map(vaddr, pfn, Entry.P | Entry.US | random.nextInt(2) << 1);
                case 5 -> cpu.invlpg(vaddr);
                case 6 -> Modes.writeProtect(cpu, random.nextBoolean());
                case 7 -> cpu.writeWord(vaddr, Access.USER, random.nextInt(4));
                default -> {}
            }
        }
    }
}
