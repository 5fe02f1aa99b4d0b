package dev.cowtable.mmu.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.AccessKind;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.tlb.TlbPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rights of the path, modes and protection keys: walker and slow translator agree on every combination. */
class RightsEnumerationTest {
    private static final long VADDR = 0x2c_3456_789a_bcdeL;
    private static final AccessKind[] KINDS = AccessKind.values();
    private static final int CONTROLS = 32;

    @ParameterizedTest(name = "{0} levels, leaf at level {1}, {2}")
    @CsvSource({"4, 1, NONE", "4, 2, NONE", "4, 3, NONE", "5, 1, NONE", "5, 2, NONE", "5, 3, NONE", "4, 1, REALISTIC",
            "4, 3, REALISTIC", "5, 2, REALISTIC", "4, 1, ADVERSARIAL", "5, 3, ADVERSARIAL"})
    void everyCombinationOfRightsAtEveryLevel(int levels, int leafLevel, TlbPolicy policy) {
        TranslatorPair pair = pair(CpuModel.AMD, levels, policy);
        int paths = 1 << (3 * (levels - leafLevel + 1));
        for (int controls = 0; controls < CONTROLS; controls++) {
            setControls(pair, controls);
            pair.applyState();
            for (int path = 0; path < paths; path++) {
                setPath(pair, leafLevel, path);
                checkAll(pair, policy);
            }
        }

        assertThat(pair.checks()).isEqualTo((long) CONTROLS * paths * KINDS.length);
    }

    private static void checkAll(TranslatorPair pair, TlbPolicy policy) {
        for (AccessKind kind : KINDS) {
            if (policy == TlbPolicy.NONE) {
                pair.checkWhole(kind);
            } else {
                pair.checkAfterRead(kind);
            }
        }
    }

    /** Keys of both registers at once, allowed or forbidden, among keys of the opposite sort. */
    @ParameterizedTest(name = "leaf at level {0}, key {1}")
    @CsvSource({"1, 0", "1, 1", "1, 15", "2, 5", "3, 10"})
    void everyCombinationOfRightsAndKeysAtTwoLevels(int leafLevel, int key) {
        TranslatorPair pair = pair(CpuModel.INTEL, 4, TlbPolicy.NONE);
        for (int controls = 0; controls < CONTROLS; controls++) {
            setControls(pair, controls);
            for (int registers = 0; registers < 256; registers++) {
                setKeyRegisters(pair, key, registers);
                pair.applyState();
                for (int path = 0; path < 64; path++) {
                    setPath(pair, leafLevel, path & 7 | 0777 << 3);
                    pair.entries[4] = pair.table(4, rights(path >> 3) | (long) (15 - key) << 59);
                    pair.entries[leafLevel] |= (long) key << 59;
                    checkAllCold(pair);
                }
            }
        }

        assertThat(pair.checks()).isEqualTo(CONTROLS * 256L * 64 * KINDS.length);
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "REALISTIC"})
    void everyKeyLooksAtItsOwnTwoBitsOfItsOwnRegister(TlbPolicy policy) {
        TranslatorPair pair = pair(CpuModel.INTEL, 5, policy);
        for (int leafLevel = 1; leafLevel <= 3; leafLevel++) {
            for (int path = 0; path < 4; path++) {
                for (int key = 0; key < 16; key++) {
                    setPath(pair, leafLevel, path | 4 | 07777 << 3);
                    pair.entries[leafLevel] |= (long) key << 59;
                    everyBitOfBothRegisters(pair);
                }
            }
        }

        assertThat(pair.checks()).isEqualTo(3L * 4 * 16 * 32 * 2 * 2 * KINDS.length);
    }

    /** One bit of one register set, or all but that one; the other register the opposite. */
    private static void everyBitOfBothRegisters(TranslatorPair pair) {
        pair.state.pke = true;
        pair.state.pks = true;
        for (int wp = 0; wp < 2; wp++) {
            pair.state.wp = wp == 1;
            pair.applyState();
            for (int bit = 0; bit < 32; bit++) {
                for (int others = -1; others <= 0; others++) {
                    pair.state.pkru = 1 << bit ^ others;
                    pair.state.pkrs = ~pair.state.pkru;
                    pair.applyKeys();
                    checkAllCold(pair);
                }
            }
        }
    }

    private static void checkAllCold(TranslatorPair pair) {
        for (AccessKind kind : KINDS) {
            pair.check(kind);
        }
    }

    /** The registers that a cached translation is judged by are those of the access, not those of the walk. */
    @Test
    void modesChangedWithoutInvalidationActAtOnce() {
        TranslatorPair pair = pair(CpuModel.INTEL, 4, TlbPolicy.REALISTIC);
        long checks = 0;
        for (int path = 0; path < 8; path++) {
            setPath(pair, 1, path | 0777 << 3);
            pair.entries[1] |= Entry.D | 1L << 59;
            for (int before = 0; before < 128; before++) {
                for (int after = 0; after < 128; after++) {
                    setModes(pair, before);
                    pair.check(AccessKind.SUPERVISOR_READ);
                    setModes(pair, after);
                    checks += recheckAll(pair);
                }
            }
        }

        assertThat(checks).isEqualTo(8L * 128 * 128 * KINDS.length);
    }

    private static int recheckAll(TranslatorPair pair) {
        for (AccessKind kind : KINDS) {
            pair.checkAgain(kind);
        }
        return KINDS.length;
    }

    /** All modes that need no invalidation: WP, SMEP, SMAP, AC, PKE, and the rights of key 1. */
    private static void setModes(TranslatorPair pair, int modes) {
        setControls(pair, modes & 15 | 16);
        pair.state.pke = (modes & 16) != 0;
        pair.state.pks = (modes & 16) != 0;
        pair.state.pkru = (modes >> 5 & 3) << 2;
        pair.state.pkrs = (~modes >> 5 & 3) << 2;
        pair.applyState();
    }

    private static TranslatorPair pair(CpuModel model, int levels, TlbPolicy policy) {
        TranslatorPair pair = TranslatorPair.of(model, levels, policy);
        pair.setVaddr(levels == 5 ? VADDR : VADDR << 16 >> 16);
        return pair;
    }

    private static void setControls(TranslatorPair pair, int controls) {
        pair.state.wp = (controls & 1) != 0;
        pair.state.smep = (controls & 2) != 0;
        pair.state.smap = (controls & 4) != 0;
        pair.state.ac = (controls & 8) != 0;
        pair.state.nxe = (controls & 16) != 0;
    }

    /** AD and WD of the key, those of all others the same or the opposite, in PKRU and PKRS; PKE and PKS. */
    private static void setKeyRegisters(TranslatorPair pair, int key, int bits) {
        pair.state.pke = (bits & 8) != 0;
        pair.state.pks = (bits & 128) != 0;
        pair.state.pkru = keyRegister(key, bits & 7);
        pair.state.pkrs = keyRegister(key, bits >> 4 & 7);
    }

    private static int keyRegister(int key, int bits) {
        int own = (bits & 3) << (2 * key);
        return (bits & 4) != 0 ? own : own | ~(3 << (2 * key));
    }

    /** Three bits per level, leaf lowest: R/W, U/S, X (XD when 0). */
    private static void setPath(TranslatorPair pair, int leafLevel, int path) {
        pair.entries[leafLevel] = pair.leaf(leafLevel, rights(path) | (leafLevel > 1 ? Entry.PS : 0));
        for (int level = leafLevel + 1; level <= pair.state.levels; level++) {
            pair.entries[level] = pair.table(level, rights(path >> (3 * (level - leafLevel))));
        }
    }

    private static long rights(int bits) {
        return Entry.P | ((bits & 1) != 0 ? Entry.RW : 0) | ((bits & 2) != 0 ? Entry.US : 0)
                | ((bits & 4) != 0 ? 0 : Entry.XD);
    }
}
