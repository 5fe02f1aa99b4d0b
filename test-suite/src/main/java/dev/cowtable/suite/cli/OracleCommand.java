package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.cli.LitmusInputs.BadInput;
import dev.cowtable.suite.oracle.LitmusKernel;
import dev.cowtable.suite.oracle.RunningKernel;
import dev.cowtable.suite.property.Profile;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cowtable oracle}: runs litmus scenarios on the running kernel and tells what is different. */
@Command(name = "oracle",
        description = "Runs litmus scenarios on the running Linux kernel and compares with the emulator.",
        footer = {"",
                "A folder stands for all .txt files in it. Needs root and a C compiler; one run at a time on a machine.",
                "Exit codes: 0 alike, 1 a difference, 2 bad input or usage, 3 this machine cannot run it, or not all."})
public final class OracleCommand implements Callable<Integer> {
    /** Makes the kernel to ask, with its files in a folder. */
    @FunctionalInterface
    interface Opener {
        LitmusKernel open(Path parent) throws OracleUnavailableException, IOException;
    }

    @Option(names = "--design", paramLabel = "D", defaultValue = "classic",
            description = "FORK[:key=value,...][/GUP] of the emulator; default: ${DEFAULT-VALUE}")
    private String designName = "classic";

    @Option(names = {"-o", "--output"}, paramLabel = "DIR",
            description = "record instead: write DIR/NAME.expected, of random scenarios NAME.txt too")
    private @Nullable Path recordFolder;

    @Option(names = "--check", description = "compare with NAME.expected beside each file instead")
    private boolean check;

    @Option(names = "--random", paramLabel = "N",
            description = "this many random scenarios, observed after every operation")
    private int random;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "1",
            description = "seed of the first random scenario; default: ${DEFAULT-VALUE}")
    private long seed = 1;

    @Option(names = "--mix", paramLabel = "KIND", defaultValue = "ALL",
            description = "kind of random scenario: ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
    private Profile mix = Profile.ALL;

    @Option(names = "--shrink", description = "print random scenarios that differ, made smaller for as long as they do")
    private boolean shrink;

    @Option(names = "--work", paramLabel = "DIR",
            description = "folder on a disk file system for swap and O_DIRECT files; default: that of temporary files")
    private Path work = Path.of(System.getProperty("java.io.tmpdir", "."));

    @Parameters(arity = "0..*", paramLabel = "FILE|DIR", description = "scenarios")
    private List<Path> inputs = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Opener opener;
    private boolean bad;

    public OracleCommand() {
        this(RunningKernel::open);
    }

    OracleCommand(Opener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() {
        checkUsage();
        Design design;
        try {
            design = Design.parse(designName);
        } catch (IllegalArgumentException e) {
            report(String.valueOf(e.getMessage()));
            return Cowtable.BAD_INPUT;
        }
        try (LitmusKernel kernel = opener.open(work)) {
            kernel.differences().forEach(difference -> tell("note: not as in the emulator: " + difference));
            OracleRun run = new OracleRun(kernel, design, check, recordFolder, spec.commandLine());
            runAll(run);
            out().print(run.summary() + "\n");
            return bad ? Cowtable.BAD_INPUT : run.exitCode();
        } catch (OracleUnavailableException e) {
            tell(String.valueOf(e.getMessage()));
            return VectorsCommand.UNAVAILABLE;
        } catch (IOException e) {
            tell(work + ": " + LitmusInputs.reason(e));
            return Cowtable.BAD_INPUT;
        }
    }

    private void checkUsage() {
        if (inputs.isEmpty() == (random == 0) || random < 0) {
            throw new ParameterException(spec.commandLine(), "name scenarios, or a number of random ones");
        }
        if (check && (random > 0 || recordFolder != null)) {
            throw new ParameterException(spec.commandLine(), "--check is for files, and not for recording");
        }
    }

    private void runAll(OracleRun run) throws IOException {
        for (Path input : inputs) {
            try {
                for (Path file : LitmusInputs.expand(input)) {
                    runFile(run, file);
                }
            } catch (BadInput e) {
                report(String.valueOf(e.getMessage()));
            }
        }
        try {
            for (int i = 0; i < random; i++) {
                run.runRandom(mix, seed + i, shrink);
            }
        } catch (BadInput e) {
            report(String.valueOf(e.getMessage()));
        }
    }

    private void runFile(OracleRun run, Path file) throws IOException {
        try {
            run.runFile(file);
        } catch (BadInput e) {
            report(String.valueOf(e.getMessage()));
        }
    }

    private void report(String reason) {
        bad = true;
        tell(reason);
    }

    private void tell(String line) {
        spec.commandLine().getErr().print("cowtable: " + line + "\n");
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
