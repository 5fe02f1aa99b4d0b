package dev.cowtable.suite.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VectorFormatTest {
    private static final CpuModel MODEL = new CpuModel(Vendor.AMD, 40, true, false, false);

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void whatIsWrittenIsReadBack(@ForAll("models") CpuModel model, @ForAll long seed) {
        EmulatorOracle oracle = new EmulatorOracle(model);
        VectorFormat format = new VectorFormat(model);
        for (RecordedVector vector : oracle.perform(new VectorGenerator(oracle.scope(), seed).next(20))) {
            String line = format.line(vector);
            RecordedVector read = VectorTexts.read(VectorFormat.cpuLine(model), line).getFirst();
            assertThat(read).usingRecursiveComparison().as(line).isEqualTo(vector);
            assertThat(format.line(read)).isEqualTo(line);
        }
    }

    @Provide
    Arbitrary<CpuModel> models() {
        return Combinators.combine(Arbitraries.of(Vendor.values()), Arbitraries.integers().between(36, 52),
                Arbitraries.of(true, false), Arbitraries.of(true, false))
                .as((vendor, width, gb1, la57) -> new CpuModel(vendor, width, gb1, la57, false));
    }

    @Test
    void keysComeInTheFormatsOrderAndZerosOfRareOnesAreLeftOut() {
        List<String> lines = List.of(
                "1 cpl=0 wp=0 nxe=0 access=r size=1 va=0 l4=0 => pf ec=0 cr2=0 l4=0",
                "2 cpl=3 wp=1 nxe=1 smep=1 smap=1 ac=1 pke=1 pkru=ffffffff pks=1 pkrs=80000000 access=kw size=8 "
                        + "va=ffff800000000ff8 l4=1003 l3=0 l2=7 => pf ec=2 cr2=ffff800000000ff8 l4=1023 l3=0",
                "9000000000 cpl=3 wp=0 nxe=0 access=x size=1 va=8000000000000000 => gp");
        VectorFormat format = new VectorFormat(MODEL);
        for (String line : lines) {
            assertThat(format.line(VectorTexts.read(VectorFormat.cpuLine(MODEL), line).getFirst())).isEqualTo(line);
        }
        assertThat(VectorFormat.cpuLine(MODEL)).isEqualTo("cpu vendor=amd maxphyaddr=40 gb1=1 la57=0");
    }

    @Test
    void aFileHoldsNoEntryThatTheWalkDidNotReach(@TempDir Path folder) throws IOException {
        VectorFile file = new VectorFile(MODEL);
        VectorTexts.read(VectorFormat.cpuLine(MODEL), "1 access=r l4=1003 l3=0 l2=7 => pf ec=0 cr2=0 l4=1023 l3=0",
                "2 access=r va=8000000000000000 l4=7 => gp").forEach(file::add);
        for (String name : List.of("v.txt", "v.txt.gz")) {
            Path path = folder.resolve(name);
            file.write(path, List.of("one", "two\nlines"));
            assertThat(VectorTexts.read(Files.readAllBytes(path))).hasSize(2);
        }
        assertThat(folder.resolve("v.txt")).content().isEqualTo("""
                # one
                # two lines
                cpu vendor=amd maxphyaddr=40 gb1=1 la57=0
                1 cpl=0 wp=0 nxe=0 access=r size=1 va=0 l4=1003 l3=0 => pf ec=0 cr2=0 l4=1023 l3=0
                2 cpl=0 wp=0 nxe=0 access=r size=1 va=8000000000000000 => gp
                """);
        assertThat(Files.readAllBytes(folder.resolve("v.txt.gz"))).startsWith(0x1f, 0x8b);
        assertThat(folder).isDirectoryNotContaining(path -> path.toString().endsWith(".part"));
    }
}
