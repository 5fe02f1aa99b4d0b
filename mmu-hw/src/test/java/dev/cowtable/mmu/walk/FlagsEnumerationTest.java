package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A, D, G, PAT, PCD, PWT and canonical addresses: walker and slow translator agree on every combination. */
class FlagsEnumerationTest {
    private static final long VADDR = 0x0000_5432_1098_7654L;
    private static final AccessKind[] KINDS = AccessKind.values();
    private static final long FULL = Entry.P | Entry.RW | Entry.US;

    /** With a leaf that allows all, one that is read-only, and one that is absent. */
    @ParameterizedTest(name = "{0} levels, {1}")
    @CsvSource({"4, NONE", "5, NONE", "4, REALISTIC", "5, REALISTIC"})
    void everyCombinationOfAccessedAndDirtyAtEveryLevel(int levels, TlbPolicy policy) {
        TranslatorPair pair = TranslatorPair.of(CpuModel.INTEL, levels, policy);
        pair.setVaddr(VADDR);
        long expected = 0;
        for (int leafLevel = 1; leafLevel <= 3; leafLevel++) {
            int flags = 1 << (2 * (levels - leafLevel + 1));
            for (long leaf : new long[] {FULL, FULL & ~Entry.RW, FULL & ~Entry.P}) {
                for (int bits = 0; bits < flags; bits++) {
                    setAccessedAndDirty(pair, leafLevel, leaf, bits);
                    checkAll(pair);
                }
                expected += 2L * flags * KINDS.length;
            }
        }

        assertThat(pair.checks()).isEqualTo(expected);
    }

    private static void setAccessedAndDirty(TranslatorPair pair, int leafLevel, long leaf, int bits) {
        pair.entries[leafLevel] = pair.leaf(leafLevel, (leafLevel > 1 ? leaf | Entry.PS : leaf) | (bits & 3) << 5);
        for (int level = leafLevel + 1; level <= pair.state.levels; level++) {
            pair.entries[level] = pair.table(level, FULL | (bits >> (2 * (level - leafLevel)) & 3) << 5);
        }
    }

    private static void checkAll(TranslatorPair pair) {
        for (AccessKind kind : KINDS) {
            pair.check(kind);
            pair.checkAfterRead(kind);
        }
    }

    /** PWT, PCD, PAT and G of the leaf; above it PWT, PCD and all that is ignored there. */
    @ParameterizedTest(name = "leaf at level {0}")
    @ValueSource(ints = {1, 2, 3})
    void memoryTypeIndexKeyAndGlobalComeFromTheLeafAlone(int leafLevel) {
        TranslatorPair pair = TranslatorPair.of(CpuModel.INTEL, 5, TlbPolicy.REALISTIC);
        pair.setVaddr(VADDR);
        for (int own = 0; own < 1 << 4; own++) {
            for (int above = 0; above < 1 << 9; above++) {
                pair.entries[leafLevel] = pair.leaf(leafLevel, FULL | leafFlags(leafLevel, own));
                for (int level = leafLevel + 1; level <= 5; level++) {
                    pair.entries[level] = pair.table(level, FULL | flagsAbove(above));
                }
                for (AccessKind kind : KINDS) {
                    pair.checkWhole(kind);
                }
            }
        }

        assertThat(pair.checks()).isEqualTo((1L << 13) * KINDS.length);
    }

    private static long leafFlags(int leafLevel, int bits) {
        long pat = leafLevel == 1 ? Entry.PAT : Entry.LARGE_PAT;
        return (leafLevel > 1 ? Entry.PS : 0) | flag(bits, 0, Entry.PWT) | flag(bits, 1, Entry.PCD) | flag(bits, 2, pat)
                | flag(bits, 3, Entry.G);
    }

    private static long flagsAbove(int bits) {
        return flag(bits, 0, Entry.PWT) | flag(bits, 1, Entry.PCD) | flag(bits, 2, Entry.D) | flag(bits, 3, Entry.G)
                | flag(bits, 4, 1L << 9) | flag(bits, 5, 1L << 10) | flag(bits, 6, 1L << 11)
                | flag(bits, 7, 0x7fL << 52) | flag(bits, 8, 0xfL << 59);
    }

    private static long flag(int bits, int number, long flag) {
        return (bits >> number & 1) != 0 ? flag : 0;
    }

    /** All values of bits 63 to 47; the tables map every address, so only its form can fault. */
    @ParameterizedTest(name = "{0} levels")
    @ValueSource(ints = {4, 5})
    void everyFormOfTheHighAddressBits(int levels) {
        TranslatorPair pair = TranslatorPair.of(CpuModel.INTEL, levels, TlbPolicy.NONE);
        for (int high = 0; high < 1 << 17; high++) {
            pair.setVaddr((long) high << 47 | VADDR & (1L << 47) - 1 ^ high & 0xfffL);
            for (int level = 2; level <= levels; level++) {
                pair.entries[level] = pair.table(level, FULL);
            }
            pair.entries[1] = pair.leaf(1, FULL);
            for (AccessKind kind : KINDS) {
                pair.check(kind);
            }
        }

        assertThat(pair.checks()).isEqualTo((1L << 17) * KINDS.length);
    }
}
