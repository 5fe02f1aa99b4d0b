package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.SlowTranslator;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.entry.Fault;
import dev.cowtable.mmu.mem.MemoryAccess;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The walker and the slow translator agree for arbitrary 64-bit entries at arbitrary addresses under all controls. */
class RandomEntriesTest {
    private static final long RIGHTS = Entry.P | Entry.RW | Entry.US;

    private final SlowTranslator slow = new SlowTranslator();

    @Property(tries = 20_000)
    void fastWalkerEqualsSlowTranslator(@ForAll @Size(5) long[] bits, @ForAll @IntRange(max = 0xfffff) int permissive,
            @ForAll long vaddr, @ForAll @IntRange(max = 3) int highBits, @ForAll int controls, @ForAll int pkru,
            @ForAll @IntRange(min = 36, max = 52) int maxPhyAddr, @ForAll AccessKind kind, @ForAll TlbPolicy policy) {
        SlowTranslator.State state = state(controls, maxPhyAddr);
        state.pkru = pkru;
        state.pkrs = Integer.reverse(pkru);
        state.cr3 = bits[0] & ((1L << maxPhyAddr) - 1);
        long linear = highBits == 0 ? vaddr : canonical(vaddr, state.levels);
        SparseMemory memory = memory(state, bits, permissive, linear);
        PagingUnit unit = StateRegisters.unit(memory, state, policy);

        slow.translate(state, memory::read, linear, kind);
        Map<Long, Long> expectedMemory = new HashMap<>(memory.words);
        for (int level = state.levels; level >= slow.level; level--) {
            expectedMemory.replace(slow.slots[level], slow.updates[level]);
        }
        long got = unit.translate(linear, StateRegisters.accessBits(kind));

        assertThat(Fault.describe(got)).isEqualTo(Fault.describe(StateRegisters.packed(slow)));
        assertThat(got).isEqualTo(StateRegisters.packed(slow));
        assertThat(memory.words).isEqualTo(expectedMemory);
        if (slow.vector == 0) {
            assertThat(unit.translate(linear, StateRegisters.accessBits(kind))).as("again").isEqualTo(got);
        }
    }

    private static SlowTranslator.State state(int controls, int maxPhyAddr) {
        SlowTranslator.State state = new SlowTranslator.State();
        state.maxPhyAddr = maxPhyAddr;
        state.amd = bit(controls, 0);
        state.gigabytePages = bit(controls, 1);
        state.levels = bit(controls, 2) ? 5 : 4;
        state.wp = bit(controls, 3);
        state.nxe = bit(controls, 4);
        state.smep = bit(controls, 5);
        state.smap = bit(controls, 6);
        state.ac = bit(controls, 7);
        state.pke = bit(controls, 8);
        state.pks = bit(controls, 9);
        return state;
    }

    private static boolean bit(int bits, int number) {
        return (bits >> number & 1) != 0;
    }

    private static long canonical(long vaddr, int levels) {
        int unused = levels == 5 ? 7 : 16;
        return vaddr << unused >> unused;
    }

    /** The words that the address selects when each entry leads to the next; other words are 0. */
    private static SparseMemory memory(SlowTranslator.State state, long[] bits, int permissive, long vaddr) {
        SparseMemory memory = new SparseMemory();
        long table = state.cr3 & Entry.ADDRESS_MASK;
        for (int level = state.levels; level >= 1; level--) {
            long entry = entry(bits[level - 1], permissive >> (4 * (level - 1)), state, level);
            memory.write(table + 8 * (vaddr >>> (3 + 9 * level) & 511), entry);
            table = entry & Entry.ADDRESS_MASK;
        }
        return memory;
    }

    /** Random bits, made legal in part: bit 0 of the mask gives full rights, 1 no XD, 2 no PS, 3 nothing reserved. */
    private static long entry(long bits, int permissive, SlowTranslator.State state, int level) {
        long entry = bit(permissive, 0) ? bits | RIGHTS : bits | (Entry.P & -(bits >>> 60 & 1));
        entry = bit(permissive, 1) ? entry & ~Entry.XD : entry;
        entry = bit(permissive, 2) ? entry & ~Entry.PS : entry;
        return bit(permissive, 3) || (bits & 0x1800) != 0 ? legal(entry, state, level) : entry;
    }

    private static long legal(long bits, SlowTranslator.State state, int level) {
        long entry = bits & ((1L << state.maxPhyAddr) - 1 | 0xfffL << 52);
        entry = state.nxe ? entry : entry & ~Entry.XD;
        entry = level >= 4 ? entry & ~(Entry.PS | Entry.G) : entry;
        entry = level == 3 && !state.gigabytePages ? entry & ~Entry.PS : entry;
        boolean large = (level == 2 || level == 3) && (entry & Entry.PS) != 0;
        return large ? entry & ~0x3fff_e000L : entry;
    }

    /** Words by address; what was never written is 0. */
    private static final class SparseMemory implements MemoryAccess {
        private final Map<Long, Long> words = new HashMap<>();

        @Override
        public long read(long paddr) {
            return words.getOrDefault(paddr, 0L);
        }

        @Override
        public void write(long paddr, long value) {
            words.put(paddr, value);
        }

        @Override
        public long compareAndExchange(long paddr, long expected, long value) {
            long found = read(paddr);
            if (found == expected) {
                write(paddr, value);
            }
            return found;
        }

        @Override
        public long fetchAndOr(long paddr, long bits) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long fetchAndAnd(long paddr, long bits) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long exchange(long paddr, long value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void fence() {
        }
    }
}
