package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.mem.PhysicalMemory;
import dev.cowtable.mmu.mem.WalkMemory;
import dev.cowtable.mmu.reg.Cr0;
import dev.cowtable.mmu.reg.Cr4;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Efer;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToLongFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * A paging unit that has physical memory itself may take short cuts; one that has another memory before it may not. On
 * the same memory and the same operations nothing tells the two apart.
 */
class ShortCutTest {
    private static final long BASE = 3L << 39;
    private static final int TABLES = 10;

    private PhysicalMemory shortMemory = new PhysicalMemory(1L << 32);
    private PhysicalMemory longMemory = new PhysicalMemory(1L << 32);

    /** Passes everything on, so that nobody knows what stands behind it. */
    private record Behind(PhysicalMemory memory) implements WalkMemory {
        @Override
        public long read(long paddr) {
            return memory.read(paddr);
        }

        @Override
        public long compareAndExchange(long paddr, long expected, long value) {
            return memory.compareAndExchange(paddr, expected, value);
        }
    }

    @Property(tries = 150)
    void nothingTellsAShortCutFromAWalk(@ForAll Random random, @ForAll TlbPolicy policy, @ForAll boolean amd,
            @ForAll @IntRange(min = 4, max = 5) int levels) {
        CpuModel model = (amd ? CpuModel.AMD : CpuModel.INTEL).withMaxPhyAddr(40);
        shortMemory = new PhysicalMemory(1L << 32);
        longMemory = new PhysicalMemory(1L << 32);
        PagingUnit quick = new PagingUnit(shortMemory, model, levels, policy);
        PagingUnit slow = new PagingUnit(new Behind(longMemory), model, levels, policy);
        both(quick, slow, unit -> unit.movToCr3(0x1000));
        for (int i = 0; i < 400; i++) {
            step(random, quick, slow, levels);
            assertThat(state(quick)).isEqualTo(state(slow));
        }
        for (long paddr = 0x1000; paddr < (TABLES + 1) * 0x1000L; paddr += 8) {
            assertThat(shortMemory.read(paddr)).isEqualTo(longMemory.read(paddr));
        }
    }

    /** A frame of zeros, as its owner gets it. */
    private void fill(long pfn) {
        shortMemory.fillFrame(pfn, 0);
        longMemory.fillFrame(pfn, 0);
    }

    private static List<Long> state(PagingUnit unit) {
        List<Long> state = new ArrayList<>(
                List.of(unit.cr2(), unit.counters().tlbHits(), unit.counters().tlbMisses(), unit.counters().walks(),
                        unit.counters().rewalks(), unit.counters().flagUpdates(), unit.counters().structureHits(),
                        unit.counters().pageFaults(), unit.counters().walkRestarts(),
                        unit.counters().invlpgs(), unit.counters().tlbFlushes()));
        unit.forEachTlbEntry((pcid, vaddr, translation) -> state.addAll(List.of((long) pcid, vaddr, translation)));
        unit.forEachStructureEntry((pcid, vaddr, step) -> state.addAll(List.of((long) pcid, vaddr, step)));
        return state;
    }

    private static void both(PagingUnit quick, PagingUnit slow, ToLongFunction<PagingUnit> operation) {
        assertThat(operation.applyAsLong(quick)).isEqualTo(operation.applyAsLong(slow));
    }

    private void step(Random random, PagingUnit quick, PagingUnit slow, int levels) {
        int choice = random.nextInt(100);
        long vaddr = BASE + ((long) random.nextInt(2) << 30) + ((long) random.nextInt(2) << 21)
                + ((long) random.nextInt(3) << 12) + random.nextInt(4096);
        int access = random.nextInt(2) == 0 ? 2 * random.nextInt(4) : 16 + 4 * random.nextInt(2);
        if (choice < 25) {
            writeEntry(random, levels);
        } else if (choice < 26) {
            fill(3 + random.nextInt(TABLES - 3));
        } else if (choice < 30) {
            changeMode(random.nextInt(8), random.nextBoolean(), quick, slow);
        } else if (choice < 38) {
            both(quick, slow, unit -> {
                unit.invlpg(vaddr);
                return 0;
            });
        } else if (choice < 41) {
            both(quick, slow, unit -> unit.invpcid(choice - 37, 0, vaddr));
        } else if (choice < 45) {
            both(quick, slow, unit -> {
                unit.prefetch(vaddr);
                return 0;
            });
        } else {
            both(quick, slow, unit -> unit.translate(vaddr, access));
        }
    }

    private static void changeMode(int which, boolean on, PagingUnit quick, PagingUnit slow) {
        long[] cr4 = {Cr4.SMEP, Cr4.SMAP, Cr4.PKE, Cr4.PGE};
        if (which < cr4.length) {
            long old = quick.registers().cr4();
            both(quick, slow, unit -> unit.movToCr4(on ? old | cr4[which] : old & ~cr4[which]));
        } else if (which == 4) {
            both(quick, slow, unit -> unit.movToCr0(Cr0.PE | Cr0.PG | (on ? Cr0.WP : 0)));
        } else if (which < 7) {
            both(quick, slow, unit -> unit.writeEfer(Efer.LME | (on ? Efer.NXE : 0)));
        } else {
            both(quick, slow, unit -> {
                unit.wrpkru(on ? 0x5555_5550 : 0);
                return 0;
            });
        }
    }

    /** Frames: 1 the root, 2 below it with 5 levels, then two for each lower level down to the PTs in 7 and 8. */
    private void writeEntry(Random random, int levels) {
        long flags = Entry.P | (random.nextInt(8) == 0 ? 0 : Entry.A | Entry.D) | (random.nextInt(4) == 0 ? 0 : 6)
                | (random.nextInt(12) == 0 ? Entry.XD : 0) | (random.nextInt(4) == 0 ? Entry.G : 0)
                | (random.nextInt(20) == 0 ? 1L << 40 : 0) | (random.nextInt(30) == 0 ? Entry.PS : 0)
                | (random.nextInt(10) == 0 ? 3L << Entry.KEY_SHIFT : 0);
        long mask = random.nextInt(10) == 0 ? ~Entry.P : -1;
        int which = random.nextInt(2);
        switch (random.nextInt(levels == 5 ? 9 : 8)) {
            case 0 -> write(levels == 5 ? 2 : 1, 3, (3L + which) << 12 | (flags & ~Entry.G & mask));
            case 1, 2 -> write(3 + which, random.nextInt(2), (5L + random.nextInt(2)) << 12 | (flags & mask));
            case 3, 4 -> write(5 + which, random.nextInt(2), (7L + random.nextInt(2)) << 12 | (flags & mask));
            case 8 -> write(1, 0, 2L << 12 | (flags & ~Entry.G & mask));
            default -> write(7 + which, random.nextInt(3), (0x100L + random.nextInt(64)) << 12 | (flags & mask));
        }
    }

    private void write(long pfn, int index, long entry) {
        shortMemory.write(pfn << 12 | (long) index << 3, entry);
        longMemory.write(pfn << 12 | (long) index << 3, entry);
    }
}
