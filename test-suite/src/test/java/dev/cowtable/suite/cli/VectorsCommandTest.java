package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.EmulatorOracle;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorOracle;
import dev.cowtable.suite.vectors.VectorScope;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class VectorsCommandTest {
    private static final String CPU = "cpu vendor=intel maxphyaddr=48 gb1=1 la57=0\n";
    private static final String GOOD = "1 cpl=3 wp=1 nxe=1 access=r size=1 va=8080604123 l4=1007 l3=0 "
            + "=> pf ec=4 cr2=8080604123 l4=1007 l3=0\n";
    private static final String WRONG = "2 cpl=3 wp=1 nxe=1 access=r size=1 va=8080604123 l4=1007 l3=0 "
            + "=> pf ec=5 cr2=8080604123 l4=1007 l3=0\n";

    @TempDir
    private Path folder = Path.of("");

    private String out = "";
    private String err = "";

    @Test
    void vectorsThatAgreeAreCounted() throws IOException {
        assertThat(run("vectors", "check", file("a.txt", CPU + GOOD + GOOD), file("b.txt", CPU + GOOD))).isZero();
        assertThat(out).isEqualTo("3 passed, 0 failed\n");
        assertThat(err).isEmpty();
    }

    @Test
    void aVectorThatDiffersIsALine() throws IOException {
        String file = file("a.txt", "# c\n" + CPU + GOOD + WRONG);
        assertThat(run("vectors", "check", file)).isEqualTo(1);
        assertThat(out).isEqualTo(file + ":4 2 ec 5 4\n1 passed, 1 failed\n");
        assertThat(err).isEmpty();
    }

    @Test
    void ofAMalformedFileOnlyTheErrorIsTold() throws IOException {
        String bad = file("a.txt", CPU + WRONG + "3 access=q => gp\n");
        String good = file("b.txt", CPU + WRONG);
        assertThat(run("vectors", "check", bad, good)).isEqualTo(2);
        assertThat(out).isEqualTo(good + ":2 2 ec 5 4\n0 passed, 1 failed\n");
        assertThat(err).isEqualTo("cowtable: " + bad + ":3: access=q is not one of r, w, x, kr, kw\n");
    }

    @Test
    void aFolderStandsForItsFilesOfVectors() throws IOException {
        file("a.txt", CPU + GOOD);
        file("notes.md", "no vectors");
        assertThat(run("vectors", "generate", "--count", "5", "-o", folder.resolve("b.txt.gz").toString())).isZero();
        assertThat(run("vectors", "check", folder.toString())).isZero();
        assertThat(out).isEqualTo("6 passed, 0 failed\n");
    }

    @Test
    void filesThatCannotBeReadAreBadInput() throws IOException {
        assertThat(run("vectors", "check", folder.resolve("no.txt").toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + folder.resolve("no.txt") + ": no such file or folder\n");
        assertThat(run("vectors", "check", folder.toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + folder + ": no .txt or .txt.gz file in this folder\n");
        Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {-1, -2});
        assertThat(run("vectors", "check", binary.toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + binary + ": not UTF-8 text\n");
        Path cut = Files.write(folder.resolve("cut.txt.gz"), new byte[] {0x1f, (byte) 0x8b, 8});
        assertThat(run("vectors", "check", cut.toString())).isEqualTo(2);
        assertThat(err).startsWith("cowtable: " + cut + ": ").hasLineCount(1);
    }

    @Test
    void whatIsGeneratedPassesItsCheckOnEachModel() throws IOException {
        for (String model : List.of("--vendor amd --maxphyaddr 36", "--gb1", "--la57 --gb1 --maxphyaddr 52")) {
            List<String> args = new ArrayList<>(List.of("vectors", "generate", "--count", "300", "--seed", "9"));
            args.addAll(List.of(model.split(" ")));
            assertThat(run(args.toArray(String[]::new))).isZero();
            assertThat(out).startsWith("# outcomes of: Cowtable's own paging unit\n# seed 9, count 300\ncpu vendor=")
                    .hasLineCount(303);
            assertThat(run("vectors", "check", file("a.txt", out))).isZero();
            assertThat(out).isEqualTo("300 passed, 0 failed\n");
        }
    }

    @Test
    void modelOptionsReachTheCpuLine() {
        assertThat(
                run("vectors", "generate", "--count", "1", "--vendor", "amd", "--maxphyaddr", "40", "--gb1", "--la57"))
                .isZero();
        assertThat(out).contains("\ncpu vendor=amd maxphyaddr=40 gb1=1 la57=1\n");
        assertThat(run("vectors", "generate", "--count", "1")).isZero();
        assertThat(out).contains("\ncpu vendor=intel maxphyaddr=48 gb1=0 la57=0\n");
    }

    @Test
    void badUsageIsToldWithExitTwo() throws IOException {
        assertThat(run("vectors")).isEqualTo(2);
        assertThat(err).startsWith("cowtable: missing command\n");
        assertThat(run("vectors", "check")).isEqualTo(2);
        assertThat(run("vectors", "generate", "--count", "0")).isEqualTo(2);
        assertThat(err).startsWith("cowtable: --count 0: at least one is needed\n");
        assertThat(run("vectors", "generate", "--maxphyaddr", "53")).isEqualTo(2);
        assertThat(err).startsWith("cowtable: --maxphyaddr 53: not 36 to 52\n");
        assertThat(run("vectors", "generate", "--vendor", "via")).isEqualTo(2);
        assertThat(run("vectors", "record", "--with", "abacus")).isEqualTo(2);
        assertThat(run("vectors", "generate", "-o", folder.resolve("no/a.txt").toString())).isEqualTo(2);
        assertThat(err)
                .isEqualTo("cowtable: cannot write " + folder.resolve("no/a.txt") + ": no such file or folder\n");
        assertThat(out).isEmpty();
        assertThat(run("vectors", "record", "--help")).isZero();
    }

    @Test
    void aRecordingTellsWhatStoodBehindAndWhatItIsOf() throws IOException {
        Path file = folder.resolve("r.txt");
        assertThat(record((oracle, wanted) -> new Abacus(wanted, Integer.MAX_VALUE), "--count", "4500", "-o",
                file.toString())).isZero();
        assertThat(out).isEmpty();
        assertThat(file).content().startsWith("# outcomes of: an abacus, asked 3 times\n# seed 1, count 4500\n"
                + "cpu vendor=amd maxphyaddr=36 gb1=0 la57=0\n1 cpl=").hasLineCount(4503);
        assertThat(run("vectors", "check", file.toString())).isZero();
    }

    @Test
    void withoutAChoiceTheFirstOracleThatThereIsAnswers() {
        VectorsRecordCommand.Opener onlyQemu = (oracle, wanted) -> {
            if (oracle == VectorsRecordCommand.Oracle.KVM) {
                throw new OracleUnavailableException("no /dev/kvm");
            }
            return new Abacus(wanted, Integer.MAX_VALUE);
        };
        assertThat(record(onlyQemu, "--count", "1")).isZero();
        assertThat(out).contains("an abacus");
        assertThat(record(onlyQemu, "--count", "1", "--with", "qemu")).isZero();
        assertThat(record(onlyQemu, "--count", "1", "--with", "kvm")).isEqualTo(3);
        assertThat(err).isEqualTo("cowtable: no /dev/kvm\n");
    }

    @Test
    void aMachineWithoutAnyIsToldOfInOneLineAndNothingIsWritten() {
        Path file = folder.resolve("r.txt");
        assertThat(record((oracle, wanted) -> {
            throw new OracleUnavailableException("no " + oracle);
        }, "-o", file.toString())).isEqualTo(3);
        assertThat(err).isEqualTo("cowtable: no KVM; no QEMU\n");
        assertThat(file).doesNotExist();
    }

    @Test
    void anOracleThatFailsHalfWayLeavesNoFile() throws IOException {
        Path file = Files.writeString(folder.resolve("r.txt"), "old");
        assertThat(record((oracle, wanted) -> new Abacus(wanted, 1), "-o", file.toString())).isEqualTo(1);
        assertThat(err).isEqualTo("cowtable: the oracle failed: out of beads\n");
        assertThat(file).content().isEqualTo("old");
        assertThat(record((oracle, wanted) -> new Abacus(wanted, 1))).isEqualTo(1);
        assertThat(out).isEmpty();
    }

    /** Knows only the simplest CPU, whatever was wanted. */
    private static final class Abacus implements VectorOracle {
        private final CpuModel model;
        private final EmulatorOracle emulator;
        private final int patience;
        private int asked;

        Abacus(CpuModel wanted, int patience) {
            model = new CpuModel(Vendor.AMD, 36, false, wanted.la57(), false);
            emulator = new EmulatorOracle(model);
            this.patience = patience;
        }

        @Override
        public String describe() {
            return "an abacus, asked " + asked + " times";
        }

        @Override
        public VectorScope scope() {
            return new VectorScope(model, false, false, false, false, false);
        }

        @Override
        public List<RecordedVector> perform(List<VectorInput> shapes) throws IOException {
            asked++;
            if (asked > patience) {
                throw new IOException("out of beads");
            }
            return emulator.perform(shapes);
        }

        @Override
        public void close() {
            emulator.close();
        }
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int exitCode = Cowtable.run(new PrintWriter(outText), new PrintWriter(errText), args);
        out = outText.toString();
        err = errText.toString();
        return exitCode;
    }

    private int record(VectorsRecordCommand.Opener opener, String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int exitCode = new CommandLine(new VectorsRecordCommand(opener)).setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText)).setCaseInsensitiveEnumValuesAllowed(true).execute(args);
        out = outText.toString();
        err = errText.toString();
        return exitCode;
    }
}
