package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.cli.LitmusInputs.BadInput;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusRunner;
import dev.cowtable.suite.litmus.run.RunOptions;
import dev.cowtable.suite.oracle.KernelRun;
import dev.cowtable.suite.oracle.LitmusKernel;
import dev.cowtable.suite.oracle.OracleTally;
import dev.cowtable.suite.oracle.RandomScenarios;
import dev.cowtable.suite.oracle.ScenarioText;
import dev.cowtable.suite.property.Profile;
import dev.cowtable.suite.property.Program;
import dev.cowtable.suite.property.ProgramShrinker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** The scenarios of one {@code cowtable oracle} command line: compared with emulator or record, or recorded. */
final class OracleRun {
    private static final String EMULATOR = "emulator";

    private final LitmusKernel kernel;
    private final Design design;
    private final boolean check;
    private final @Nullable Path recordFolder;
    private final PrintWriter out;
    private final PrintWriter err;
    private final OracleTally tally;
    private int recorded;

    /**
     * @param check compare with the record beside a file, not with the emulator
     * @param recordFolder where to record instead of comparing
     */
    OracleRun(LitmusKernel kernel, Design design, boolean check, @Nullable Path recordFolder, CommandLine command) {
        this.kernel = kernel;
        this.design = design;
        this.check = check;
        this.recordFolder = recordFolder;
        out = command.getOut();
        err = command.getErr();
        tally = new OracleTally(check ? "record" : EMULATOR);
    }

    /** Runs one file. */
    void runFile(Path file) throws BadInput, IOException {
        Scenario scenario = LitmusInputs.scenario(file);
        String expected = check ? LitmusInputs.expected(file, scenario) : "";
        String observed = observed(scenario);
        if (observed == null) {
            return;
        }
        if (recordFolder == null) {
            out.print(tally.compare(scenario.name(), observed, check ? expected : emulated(scenario)));
        } else {
            write(recordFolder, scenario.name() + ".expected", observed);
            recorded++;
        }
        out.flush();
    }

    /** Runs the random program of a seed. */
    void runRandom(Profile mix, long seed, boolean shrink) throws BadInput, IOException {
        String name = "random-" + mix.name().toLowerCase(Locale.ROOT) + "-" + seed;
        Program program = RandomScenarios.program(mix, seed);
        Scenario scenario = RandomScenarios.observed(program, name);
        String observed = observed(scenario);
        if (observed == null) {
            return;
        }
        if (recordFolder == null) {
            String difference = tally.compare(name, observed, emulated(scenario));
            out.print(difference);
            if (shrink && !difference.isEmpty()) {
                Program small = ProgramShrinker.shrink(program, each -> differs(each, name));
                out.print("  shrunk to:\n" + small.toLitmus().indent(4));
            }
        } else {
            write(recordFolder, name + ".txt", ScenarioText.of(scenario));
            write(recordFolder, name + ".expected", observed);
            recorded++;
        }
        out.flush();
    }

    private boolean differs(Program program, String name) {
        Scenario scenario = RandomScenarios.observed(program, name);
        try {
            return kernel.run(scenario) instanceof KernelRun.Observed(String text)
                    && !new OracleTally(EMULATOR).compare(name, text, emulated(scenario)).isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String emulated(Scenario scenario) {
        return LitmusRunner.run(scenario, design, RunOptions.DEFAULT).text();
    }

    /** What the kernel did; null if it did not, which is counted and told. */
    private @Nullable String observed(Scenario scenario) throws IOException {
        return switch (kernel.run(scenario)) {
            case KernelRun.Observed(String text) -> text;
            case KernelRun.Skipped(String reason) -> {
                tally.skip();
                yield tell(scenario.name() + ": skipped: " + reason);
            }
            case KernelRun.Failed(String reason) -> {
                tally.fail();
                yield tell(scenario.name() + ": failed: " + reason);
            }
        };
    }

    private @Nullable String tell(String line) {
        err.print("cowtable: " + line + "\n");
        return null;
    }

    private static void write(Path folder, String name, String text) throws BadInput {
        Path file = folder.resolve(name);
        try {
            Files.createDirectories(folder);
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new BadInput("cannot write " + file + ": " + LitmusInputs.reason(e));
        }
    }

    /** One line. */
    String summary() {
        return recordFolder == null ? tally.summary() : recorded + " recorded, " + tally.missing();
    }

    /** 0, 1 or 3. */
    int exitCode() {
        if (tally.hasDifferences()) {
            return Cowtable.FAILED;
        }
        return tally.hasSkipped() ? VectorsCommand.UNAVAILABLE : 0;
    }
}
