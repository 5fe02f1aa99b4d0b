package dev.cowtable.suite.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class VectorGeneratorTest {
    private static final int NR_VECTORS = 20_000;
    private static final long SEED = 1;
    /** Not-present, rights, reserved-bit and key faults, each with the kinds of access that can have them. */
    private static final Integer[] ERROR_CODES =
            {0, 2, 4, 6, 0x10, 0x14, 1, 3, 5, 7, 0x11, 0x15, 9, 0xb, 0xd, 0xf, 0x19, 0x1d,
                    0x21, 0x23, 0x25, 0x27};
    private static final long ADDRESS_BITS = 0x000f_ffff_ffff_e000L;

    static List<CpuModel> models() {
        return List.of(new CpuModel(Vendor.INTEL, 48, true, false, false),
                new CpuModel(Vendor.AMD, 36, true, false, false), new CpuModel(Vendor.AMD, 52, false, false, false),
                new CpuModel(Vendor.INTEL, 36, true, true, false), new CpuModel(Vendor.AMD, 46, false, true, false));
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyErrorCodeAppearsAndHalfOfTheWalksSucceed(CpuModel model) {
        EmulatorOracle oracle = new EmulatorOracle(model);
        Set<Integer> errorCodes = new TreeSet<>();
        Map<VectorResult.Kind, Integer> kinds = new TreeMap<>();
        for (RecordedVector vector : oracle.perform(shapes(oracle.scope()))) {
            kinds.merge(vector.result().kind(), 1, Integer::sum);
            if (vector.result().kind() == VectorResult.Kind.PF) {
                errorCodes.add(vector.result().errorCode());
            }
        }
        assertThat(errorCodes).containsExactlyInAnyOrder(ERROR_CODES);
        assertThat(kinds.get(VectorResult.Kind.OK)).isBetween(NR_VECTORS * 40 / 100, NR_VECTORS * 50 / 100);
        assertThat(kinds.get(VectorResult.Kind.GP)).isBetween(NR_VECTORS * 2 / 100, NR_VECTORS * 4 / 100);
    }

    /** In entries with P=1 that a walk can reach; addresses are not the generator's. */
    @ParameterizedTest
    @MethodSource("models")
    void everyBitOfEveryLevelIsSeenSetAndClear(CpuModel model) {
        long[] ones = new long[VectorInput.LEVELS + 1];
        long[] zeros = new long[VectorInput.LEVELS + 1];
        for (VectorInput shape : shapes(all(model))) {
            for (int level = VectorInput.topLevel(model); level >= 1; level--) {
                long entry = shape.entry(level);
                zeros[level] |= ~entry;
                if (!Entry.isPresent(entry)) {
                    break;
                }
                ones[level] |= entry;
            }
        }
        for (int level = VectorInput.topLevel(model); level >= 1; level--) {
            long largePat = level == 2 || level == 3 ? 0 : Entry.LARGE_PAT;
            assertThat(Long.toHexString(ones[level] | ADDRESS_BITS | largePat)).as("set at level " + level)
                    .isEqualTo("ffffffffffffffff");
            assertThat(zeros[level]).as("clear at level " + level).isEqualTo(-1);
        }
    }

    /** As the only one of its entry, below entries that are sound. */
    @ParameterizedTest
    @MethodSource("models")
    void everyReservedBitIsHitAlone(CpuModel model) {
        Set<String> hit = new TreeSet<>();
        for (VectorInput shape : shapes(all(model))) {
            for (int level = VectorInput.topLevel(model); level >= 1 && Entry.isPresent(shape.entry(level)); level--) {
                boolean leaf = level == 1 || level < 4 && Entry.isPageSize(shape.entry(level));
                long reserved = shape.entry(level) & reserved(model, shape.nxe(), level, leaf);
                if (Long.bitCount(reserved) == 1) {
                    hit.add(name(level, leaf, Long.numberOfTrailingZeros(reserved)));
                }
                if (reserved != 0 || leaf) {
                    break;
                }
            }
        }
        assertThat(hit).containsAll(expectedHits(model));
    }

    private static Set<String> expectedHits(CpuModel model) {
        Set<String> expected = new TreeSet<>();
        for (int level = 1; level <= VectorInput.topLevel(model); level++) {
            for (boolean leaf : new boolean[] {false, true}) {
                if (leaf ? level == 1 || level == 2 || level == 3 && model.gigabytePages() : level > 1) {
                    long reserved = reserved(model, false, level, leaf);
                    for (int bit = 0; bit < 64; bit++) {
                        // Without 1 GiB pages a PDPTE with PS is taken for a leaf above.
                        boolean hidden = level == 3 && !leaf && bit == 7;
                        if ((reserved >>> bit & 1) != 0 && !hidden) {
                            expected.add(name(level, leaf, bit));
                        }
                    }
                }
            }
        }
        return expected;
    }

    private static long reserved(CpuModel model, boolean nxe, int level, boolean leaf) {
        long bits = nxe ? 0 : 1L << 63;
        for (int bit = model.maxPhyAddr(); bit < 52; bit++) {
            bits |= 1L << bit;
        }
        if (level >= 4) {
            bits |= 1L << 7 | (model.vendor() == Vendor.AMD ? 1L << 8 : 0);
        }
        if (level == 3 && !model.gigabytePages()) {
            bits |= 1L << 7;
        }
        if (leaf && level == 2) {
            bits |= 0x1fe000L;
        }
        return leaf && level == 3 ? bits | 0x3fffe000L : bits;
    }

    private static String name(int level, boolean leaf, int bit) {
        return (leaf ? "leaf " : "table ") + level + " bit " + bit;
    }

    @ParameterizedTest
    @MethodSource("models")
    void addressesAreLeftToTheOracle(CpuModel model) {
        int top = VectorInput.topLevel(model);
        for (VectorInput shape : shapes(all(model))) {
            assertThat((shape.va() & 0xfff) + shape.sizeBytes()).isLessThanOrEqualTo(0x1000);
            assertThat(Paging.index(shape.va(), top)).isBetween(2, 510).isNotEqualTo(256);
            for (int level = 1; level <= top; level++) {
                boolean large = level < 4 && level > 1 && Entry.isPageSize(shape.entry(level));
                long free = large ? -(1L << 12 + 9 * (level - 1)) : -(1L << 12);
                assertThat(shape.entry(level) & free & (1L << model.maxPhyAddr()) - 1).isZero();
            }
        }
    }

    @Test
    void whatTheScopeLacksIsNotAskedFor() {
        CpuModel model = new CpuModel(Vendor.INTEL, 48, false, false, false);
        for (VectorInput shape : shapes(new VectorScope(model, false, false, false, false, false))) {
            assertThat(shape.smep() || shape.smap() || shape.pke() || shape.pks() || shape.access().isImplicit())
                    .isFalse();
            assertThat(shape.pkru() | shape.pkrs()).isZero();
        }
    }

    @Test
    void everyControlIsSeenSetAndClearAtBothPrivilegeLevels() {
        Set<String> seen = new TreeSet<>();
        for (VectorInput shape : shapes(all(models().getFirst()))) {
            String where = shape.access() + "/" + shape.cpl() + " ";
            seen.add(where + "wp" + shape.wp());
            seen.add(where + "nxe" + shape.nxe());
            seen.add(where + "smep" + shape.smep());
            seen.add(where + "smap" + shape.smap() + " ac" + shape.ac());
            seen.add(where + "pke" + shape.pke() + (shape.pkru() != 0));
            seen.add(where + "pks" + shape.pks() + (shape.pkrs() != 0));
            seen.add(where + shape.sizeBytes());
        }
        // r and w with sizes 1, 2, 4, 8 and x with 1 at two CPLs, kr and kw with 8 at one: 18 states of controls each.
        assertThat(seen).hasSize(2 * 2 * (18 + 4) + 2 * (18 + 1) + 2 * (18 + 1));
    }

    @Test
    void aSeedMeansTheSameVectorsEverywhere() {
        EmulatorOracle oracle = new EmulatorOracle(models().getFirst());
        VectorFormat format = new VectorFormat(models().getFirst());
        List<String> lines =
                oracle.perform(new VectorGenerator(oracle.scope(), 7).next(2)).stream().map(format::line).toList();
        assertThat(lines).containsExactly(
                "1 cpl=3 wp=1 nxe=1 access=r size=1 va=ffffff0014755000 l4=2dec89024027 l3=8da1658eb007 "
                        + "l2=8000a2eefb202087 => pf ec=d cr2=ffffff0014755000 l4=2dec89024027 l3=8da1658eb007 "
                        + "l2=8000a2eefb202087",
                "2 cpl=0 wp=0 nxe=1 smep=1 pks=1 pkrs=1000000 access=r size=2 va=ffff80f1ffe00ffe l4=35de1c974007 "
                        + "l3=46100bfc3027 l2=bcbfdd7e2027 l1=6000000000000006 => pf ec=0 cr2=ffff80f1ffe00ffe "
                        + "l4=35de1c974007 l3=46100bfc3027 l2=bcbfdd7e2027 l1=6000000000000006");
        assertThat(new VectorGenerator(oracle.scope(), 8).next()).usingRecursiveComparison()
                .isNotEqualTo(new VectorGenerator(oracle.scope(), 7).next());
    }

    private static VectorScope all(CpuModel model) {
        return new VectorScope(model, true, true, true, true, true);
    }

    private static List<VectorInput> shapes(VectorScope scope) {
        return new VectorGenerator(scope, SEED).next(NR_VECTORS);
    }
}
