package dev.cowtable.suite.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.cowtable.mmu.entry.Entry;
import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.mmu.tlb.TlbPolicy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class EmulatorOracleTest {
    private static final int NR_VECTORS = 20_000;
    private static final CpuModel INTEL = new CpuModel(Vendor.INTEL, 40, true, false, false);

    static List<CpuModel> models() {
        return List.of(INTEL, new CpuModel(Vendor.AMD, 52, false, false, false),
                new CpuModel(Vendor.INTEL, 36, true, true, false));
    }

    @ParameterizedTest
    @MethodSource("models")
    void anAccessServedByTheCachesHasTheSameOutcome(CpuModel model) {
        EmulatorOracle cold = new EmulatorOracle(model);
        EmulatorOracle warm = new EmulatorOracle(model, TlbPolicy.REALISTIC);
        int servedWithoutWalk = 0;
        for (RecordedVector vector : cold.perform(new VectorGenerator(cold.scope(), 3).next(NR_VECTORS))) {
            VectorResult first = warm.outcome(vector.input());
            assertThat(VectorChecker.compare(vector.result(), first)).as("%s", vector.input()).isNull();
            VectorResult second = warm.repeat(vector.input());
            servedWithoutWalk += warm.walked() ? 0 : 1;
            assertThat(second).as("%s", vector.input()).usingRecursiveComparison().isEqualTo(first);
        }
        assertThat(servedWithoutWalk).as("accesses that no walk served").isGreaterThan(NR_VECTORS / 3);
    }

    @ParameterizedTest
    @MethodSource("models")
    void eachTableHasAPageOfItsOwn(CpuModel model) {
        EmulatorOracle oracle = new EmulatorOracle(model);
        List<VectorInput> shapes = new VectorGenerator(oracle.scope(), 4).next(1000);
        List<RecordedVector> performed = oracle.perform(shapes);
        for (int i = 0; i < shapes.size(); i++) {
            VectorInput placed = performed.get(i).input();
            Set<Long> tables = new HashSet<>();
            for (int level = VectorInput.topLevel(model); level > 1; level--) {
                long entry = placed.entry(level);
                if (Entry.isPresent(entry) && !Entry.isPageSize(entry)) {
                    assertThat(tables.add(Entry.pfn(entry))).as("%s", placed).isTrue();
                }
                long kept = Entry.isPresent(entry) ? ~((1L << model.maxPhyAddr()) - (1L << 12)) : -1;
                assertThat(entry & kept & ~0x3ffff000L).isEqualTo(shapes.get(i).entry(level) & kept & ~0x3ffff000L);
            }
        }
    }

    @Test
    void placesDoNotDependOnWhatWasAskedBefore() {
        EmulatorOracle oracle = new EmulatorOracle(INTEL);
        List<VectorInput> shapes = new VectorGenerator(oracle.scope(), 5).next(10);
        VectorFormat format = new VectorFormat(INTEL);
        List<String> all = oracle.perform(shapes).stream().map(format::line).toList();
        List<String> last = oracle.perform(shapes.subList(9, 10)).stream().map(format::line).toList();
        assertThat(last).containsExactly(all.get(9));
    }

    /** The PML4E, seen again as PDPTE, PDE and PTE: its own A is set by the first look, D by the last. */
    @Test
    void entriesOnOneSlotAreOneWord() {
        String line = "1 cpl=0 wp=1 nxe=1 access=w size=1 va=80402123 l4=2003 l3=1003 l2=1003 l1=1003 "
                + "=> ok pa=1123 l4=2023 l3=1023 l2=1063 l1=1063";
        VectorInput input = VectorTexts.read(VectorFormat.cpuLine(INTEL), line).getFirst().input();
        assertThat(new EmulatorOracle(INTEL).outcome(input).value()).isEqualTo(0x1123);
    }

    @Test
    void entriesThatContradictEachOtherAreRefused() {
        long[] entries = {0, 1, 1, 0x2001, 0x2001, 0};
        VectorInput input =
                new VectorInput(1, 0, true, true, false, false, false, false, 0, false, 0, VectorAccess.R, 1, 0,
                        entries);
        assertThatIllegalArgumentException().isThrownBy(() -> new EmulatorOracle(INTEL).outcome(input));
    }

    @Test
    void aWalkThatLeavesThePathIsCaught() {
        VectorMemory memory = new VectorMemory();
        long[] entries = {0, 0, 0, 0, 0x2001, 0};
        VectorInput input =
                new VectorInput(1, 0, true, true, false, false, false, false, 0, false, 0, VectorAccess.R, 1, 0,
                        entries);
        assertThat(memory.place(input, INTEL)).isZero();
        assertThat(memory.read(memory.root())).isEqualTo(0x2001);
        assertThat(memory.lowestRead()).isEqualTo(4);
        assertThat(memory.read(0x2000)).isZero();
        assertThat(memory.lowestRead()).isEqualTo(3);
        assertThatIllegalStateException().isThrownBy(() -> memory.read(0x2008)).withMessageContaining("2008");
        assertThatIllegalStateException().isThrownBy(() -> memory.exchange(0, 1));
    }
}
