package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reserved bits, absent entries and the order in which faults win: walker and slow translator agree everywhere. */
class ReservedEnumerationTest {
    private static final long VADDR = 0xffff_ffff_ffff_f000L - (7L << 40) - (9L << 31) - (11L << 22) - (13L << 13);
    private static final AccessKind[] KINDS = AccessKind.values();
    private static final long FULL = Entry.P | Entry.RW | Entry.US;
    /** Vendor, 1 GiB pages, EFER.NXE. */
    private static final int CPUS = 8;

    /** At each level one of: nothing, absent, absent among ones, read-only, supervisor, XD, bit M, 51, 8, 7, 13. */
    @ParameterizedTest(name = "{0} levels, leaf at level {1}, M={2}")
    @CsvSource({"4, 1, 36", "4, 1, 47", "4, 1, 52", "4, 2, 36", "4, 2, 47", "4, 2, 52", "4, 3, 36", "4, 3, 47",
            "4, 3, 52", "5, 1, 52", "5, 2, 48", "5, 3, 51", "5, 3, 52"})
    void everyCombinationOfOneDefectPerLevel(int levels, int leafLevel, int maxPhyAddr) {
        long checks = 0;
        int defects = maxPhyAddr == 52 ? 8 : 10;
        int paths = power(defects + 1, levels - leafLevel + 1);
        for (int cpu = 0; cpu < CPUS; cpu++) {
            TranslatorPair pair = pair(cpu, maxPhyAddr, levels);
            for (int path = 0; path < paths; path++) {
                setPath(pair, leafLevel);
                int rest = path;
                for (int level = leafLevel; level <= levels; level++, rest /= defects + 1) {
                    pair.entries[level] = withDefect(pair.entries[level], rest % (defects + 1), maxPhyAddr);
                }
                checkAll(pair);
            }
            checks += pair.checks();
        }

        assertThat(checks).isEqualTo((long) CPUS * paths * KINDS.length);
    }

    private static int power(int base, int exponent) {
        return exponent == 0 ? 1 : base * power(base, exponent - 1);
    }

    private static long withDefect(long entry, int defect, int maxPhyAddr) {
        return switch (defect) {
            case 1 -> entry & ~Entry.P;
            case 2 -> ~Entry.P;
            case 3 -> entry & ~Entry.RW;
            case 4 -> entry & ~Entry.US;
            case 5 -> entry | Entry.XD;
            case 6 -> entry | 1L << 8;
            case 7 -> entry | Entry.PS;
            case 8 -> entry ^ 1L << 13;
            case 9 -> entry | 1L << maxPhyAddr;
            case 10 -> entry | 1L << 51;
            default -> entry;
        };
    }

    /** Each bit of each entry changed, for every MAXPHYADDR; but not the links to tables, whose place it would be. */
    @ParameterizedTest(name = "{0} levels")
    @ValueSource(ints = {4, 5})
    void everySingleBitOfEveryEntryForEveryPhysicalWidth(int levels) {
        long checks = 0;
        for (int maxPhyAddr = 36; maxPhyAddr <= 52; maxPhyAddr++) {
            for (int cpu = 0; cpu < CPUS; cpu++) {
                TranslatorPair pair = pair(cpu, maxPhyAddr, levels);
                for (int leafLevel = 1; leafLevel <= 3; leafLevel++) {
                    everySingleBit(pair, leafLevel);
                }
                checks += pair.checks();
                assertThat(pair.checks()).isEqualTo(
                        (3 * 64 + (3 * levels - 6) * (64L - (maxPhyAddr - 12))) * KINDS.length);
            }
        }
        assertThat(checks).isPositive();
    }

    private static void everySingleBit(TranslatorPair pair, int leafLevel) {
        for (int level = leafLevel; level <= pair.state.levels; level++) {
            for (int bit = 0; bit < 64; bit++) {
                boolean link = level > leafLevel && bit >= 12 && bit < pair.state.maxPhyAddr;
                if (!link) {
                    setPath(pair, leafLevel);
                    pair.entries[level] ^= 1L << bit;
                    checkAll(pair);
                }
            }
        }
    }

    /** But not PS with a bit that leads the walk out of memory. */
    @ParameterizedTest(name = "leaf at level {0}")
    @ValueSource(ints = {1, 2, 3})
    void everyPairOfBitsOfALeaf(int leafLevel) {
        for (int maxPhyAddr : new int[] {36, 43, 52}) {
            int outside = leafLevel > 1 ? maxPhyAddr - TranslatorPair.MEMORY_BITS : 0;
            for (int cpu = 0; cpu < CPUS; cpu++) {
                TranslatorPair pair = pair(cpu, maxPhyAddr, 4);
                everyPairOfBits(pair, leafLevel);
                assertThat(pair.checks()).isEqualTo((64L * 63 / 2 - outside) * KINDS.length);
            }
        }
    }

    private static void everyPairOfBits(TranslatorPair pair, int leafLevel) {
        for (int first = 0; first < 64; first++) {
            for (int second = 0; second < first; second++) {
                boolean outside = leafLevel > 1 && second == 7 && first >= TranslatorPair.MEMORY_BITS
                        && first < pair.state.maxPhyAddr;
                if (!outside) {
                    setPath(pair, leafLevel);
                    pair.entries[leafLevel] ^= 1L << first | 1L << second;
                    checkAll(pair);
                }
            }
        }
    }

    private static void checkAll(TranslatorPair pair) {
        for (AccessKind kind : KINDS) {
            pair.checkWhole(kind);
        }
    }

    private static TranslatorPair pair(int cpu, int maxPhyAddr, int levels) {
        Vendor vendor = (cpu & 1) != 0 ? Vendor.AMD : Vendor.INTEL;
        CpuModel model = new CpuModel(vendor, maxPhyAddr, (cpu & 2) != 0, levels == 5, false);
        TranslatorPair pair = TranslatorPair.of(model, levels, TlbPolicy.NONE);
        pair.state.nxe = (cpu & 4) != 0;
        pair.applyState();
        pair.setVaddr(VADDR);
        return pair;
    }

    private static void setPath(TranslatorPair pair, int leafLevel) {
        for (int level = leafLevel + 1; level <= pair.state.levels; level++) {
            pair.entries[level] = pair.table(level, FULL);
        }
        pair.entries[leafLevel] = pair.leafInMemory(leafLevel, leafLevel > 1 ? FULL | Entry.PS : FULL);
        for (int level = 1; level < leafLevel; level++) {
            pair.entries[level] = pair.leaf(1, FULL);
        }
    }
}
