package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.litmus.SampleFiles;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusRunner;
import dev.cowtable.suite.litmus.run.RunOptions;
import dev.cowtable.suite.oracle.KernelRun;
import dev.cowtable.suite.oracle.LitmusKernel;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command, with kernels that say what a test wants to hear. */
final class OracleCommandTest {
    private static final String COW = "001-cow-parent-first";
    private static final String ZERO = "116-zero-page";
    @TempDir
    private Path folder = Path.of("");

    private Function<Scenario, KernelRun> kernel = OracleCommandTest::asRecorded;
    private List<String> settings = List.of();
    private String out = "";
    private String err = "";

    @Test
    void aKernelThatDoesWhatTheEmulatorDoesIsAlike() throws IOException {
        sample(COW);
        sample(ZERO);
        assertThat(run(folder.toString())).isZero();
        assertThat(out).isEqualTo("2 alike, 0 different, 0 unsupported by the emulator, 0 skipped\n");
        assertThat(err).isEmpty();
    }

    @Test
    void theFirstDifferenceOfAFileIsShown() throws IOException {
        kernel = scenario -> new KernelRun.Observed(SampleFiles.expected(COW).replace("v=21", "v=11"));
        assertThat(run("--design", "relaxed", sample(COW))).isEqualTo(1);
        assertThat(out).isEqualTo(COW + ":33: difference in operation 12| P1 read A+0\n"
                + "  kernel:   12| P1 read A+0 => ok v=11 min=0 maj=0\n"
                + "  emulator: 12| P1 read A+0 => ok v=21 min=0 maj=0\n"
                + "0 alike, 1 different, 0 unsupported by the emulator, 0 skipped\n");
    }

    @Test
    void aCheckComparesTheKernelWithTheRecord() throws IOException {
        String file = sample(COW);
        assertThat(run("--check", file)).isZero();
        Files.writeString(folder.resolve(COW + ".expected"), "1| P0 dance => ok\n");
        assertThat(run("--check", file)).isEqualTo(1);
        assertThat(out).startsWith(COW + ":1: difference in operation 1| P0 mmap A pages=2\n")
                .contains("  record:   1| P0 dance => ok\n").endsWith("unsupported by the record, 0 skipped\n");
    }

    @Test
    void aCheckWithoutARecordIsBadInputAndTheOthersRun() throws IOException {
        sample(COW);
        Files.delete(Path.of(sample(ZERO)).resolveSibling(ZERO + ".expected"));
        assertThat(run("--check", folder.toString())).isEqualTo(2);
        assertThat(err).isEqualTo("cowtable: " + folder.resolve(ZERO + ".expected") + ": no such file or folder\n");
        assertThat(out).startsWith("1 alike, 0 different");
    }

    @Test
    void aRecordIsWhatTheKernelPrinted() throws IOException {
        Path into = folder.resolve("a/b");
        assertThat(run("-o", into.toString(), sample(COW), sample(ZERO))).isZero();
        assertThat(into.resolve(COW + ".expected")).content().isEqualTo(SampleFiles.expected(COW));
        assertThat(into.resolve(ZERO + ".expected")).content().isEqualTo(SampleFiles.expected(ZERO));
        assertThat(out).isEqualTo("2 recorded, 0 skipped\n");
    }

    @Test
    void nothingIsWrittenForARunThatFailedOrWasSkipped() throws IOException {
        Path into = folder.resolve("into");
        kernel = scenario -> scenario.name().equals(COW)
                ? new KernelRun.Failed("no end after 60 s")
                : new KernelRun.Skipped("no swap here");
        assertThat(run("-o", into.toString(), sample(COW), sample(ZERO))).isEqualTo(1);
        assertThat(into).doesNotExist();
        assertThat(out).isEqualTo("0 recorded, 1 skipped, 1 failed\n");
        assertThat(err).isEqualTo("cowtable: " + COW + ": failed: no end after 60 s\ncowtable: " + ZERO
                + ": skipped: no swap here\n");
    }

    @Test
    void whatWasSkippedOnlyIsExitThree() throws IOException {
        kernel = scenario -> scenario.name().equals(COW) ? asRecorded(scenario) : new KernelRun.Skipped("no");
        assertThat(run(sample(COW), sample(ZERO))).isEqualTo(3);
        assertThat(out).isEqualTo("1 alike, 0 different, 0 unsupported by the emulator, 1 skipped\n");
    }

    @Test
    void badFilesAreToldWithTheirLineAndBeatADifference() throws IOException {
        kernel = scenario -> new KernelRun.Observed("");
        Path bad = Files.writeString(folder.resolve("bad.txt"), "# bad\nP0 dance\n");
        assertThat(run(bad.toString(), sample(COW), folder.resolve("none.txt").toString())).isEqualTo(2);
        assertThat(err).startsWith("cowtable: " + bad + ":2: ").hasLineCount(2);
        assertThat(out).endsWith("0 alike, 1 different, 0 unsupported by the emulator, 0 skipped\n");
    }

    @Test
    void aMachineThatCannotSaysWhyInOneLineAndWritesNothing() throws IOException {
        OracleCommand command = new OracleCommand(parent -> {
            throw new OracleUnavailableException("only root may look at page frames");
        });
        Path into = folder.resolve("into");
        assertThat(execute(command, "-o", into.toString(), sample(COW))).isEqualTo(3);
        assertThat(err).isEqualTo("cowtable: only root may look at page frames\n");
        assertThat(out).isEmpty();
        assertThat(into).doesNotExist();
    }

    @Test
    void settingsThatDifferFromTheEmulatedOnesAreNoted() throws IOException {
        settings = List.of("zswap is on");
        assertThat(run(sample(COW))).isZero();
        assertThat(err).isEqualTo("cowtable: note: not as in the emulator: zswap is on\n");
    }

    @Test
    void filesOfTheRunnerGoWhereTheUserSays() throws IOException {
        OracleCommand command = new OracleCommand(parent -> {
            throw new OracleUnavailableException("asked for " + parent);
        });
        assertThat(execute(command, "--work", folder.toString(), sample(COW))).isEqualTo(3);
        assertThat(err).isEqualTo("cowtable: asked for " + folder + "\n");
    }

    @Test
    void randomScenariosAreComparedWithTheEmulator() {
        kernel = OracleCommandTest::emulated;
        assertThat(run("--random", "3", "--seed", "5", "--mix", "cow")).isZero();
        assertThat(out).startsWith("3 alike, 0 different");
    }

    @Test
    void aRandomScenarioThatDiffersIsMadeSmaller() {
        kernel = scenario -> new KernelRun.Observed(((KernelRun.Observed) emulated(scenario)).text()
                .replaceAll("(P\\d fork P\\d) => ok", "$1 => EAGAIN"));
        assertThat(run("--random", "1", "--seed", "5", "--mix", "fork", "--shrink")).isEqualTo(1);
        assertThat(out).startsWith("random-fork-5:").contains("  shrunk to:\n    # a random program\n    P")
                .contains(" => EAGAIN").endsWith("0 alike, 1 different, 0 unsupported by the emulator, 0 skipped\n");
        List<String> shrunk = out.lines().filter(line -> line.startsWith("    ")).toList();
        assertThat(shrunk).hasSize(2).last().asString().matches("    P0 fork P\\d");
    }

    @Test
    void randomScenariosAreRecordedWithTheirText() {
        kernel = OracleCommandTest::emulated;
        assertThat(run("--random", "2", "--seed", "5", "--mix", "cow", "-o", folder.toString())).isZero();
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("random-cow-5.txt", "random-cow-5.expected",
                "random-cow-6.txt", "random-cow-6.expected");
        assertThat(run("--check", folder.toString())).isZero();
        assertThat(out).startsWith("2 alike");
    }

    @Test
    void badUsageIsExitTwo() throws IOException {
        String file = sample(COW);
        assertThat(run()).isEqualTo(2);
        assertThat(run("--random", "1", file)).isEqualTo(2);
        assertThat(run("--random", "-1")).isEqualTo(2);
        assertThat(run("--random", "1", "--check")).isEqualTo(2);
        assertThat(run("--check", "-o", folder.toString(), file)).isEqualTo(2);
        assertThat(run("--random", "1", "--mix", "salad")).isEqualTo(2);
        assertThat(run("--design", "magic", file)).isEqualTo(2);
        assertThat(err).startsWith("cowtable: no fork design is named 'magic'");
        assertThat(out).isEmpty();
    }

    private static KernelRun asRecorded(Scenario scenario) {
        return new KernelRun.Observed(SampleFiles.expected(scenario.name()));
    }

    private static KernelRun emulated(Scenario scenario) {
        return new KernelRun.Observed(LitmusRunner.run(scenario, Design.parse("classic"), RunOptions.DEFAULT).text());
    }

    /** Path of a copy of a recorded scenario, its record beside it. */
    private String sample(String name) throws IOException {
        Files.writeString(folder.resolve(name + ".expected"), SampleFiles.expected(name));
        return Files.writeString(folder.resolve(name + ".txt"), SampleFiles.read(name + ".txt")).toString();
    }

    private int run(String... args) {
        return execute(new OracleCommand(parent -> new LitmusKernel() {
            @Override
            public List<String> differences() {
                return settings;
            }

            @Override
            public KernelRun run(Scenario scenario) {
                return kernel.apply(scenario);
            }

            @Override
            public void close() {
            }
        }), args);
    }

    private int execute(OracleCommand command, String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int exitCode = new CommandLine(command).setOut(new PrintWriter(outText)).setErr(new PrintWriter(errText))
                .setCaseInsensitiveEnumValuesAllowed(true).setParameterExceptionHandler((e, _) -> Cowtable.BAD_INPUT)
                .execute(args);
        out = outText.toString();
        err = errText.toString();
        return exitCode;
    }
}
