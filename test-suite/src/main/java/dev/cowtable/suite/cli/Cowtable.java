package dev.cowtable.suite.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command itself; each job is a subcommand. */
@Command(name = "cowtable", description = "A laboratory for designs of Linux memory management.",
        versionProvider = Cowtable.Version.class, synopsisSubcommandLabel = "COMMAND",
        subcommands = {BenchCommand.class, CompareCommand.class, LitmusCommand.class, DesignsCommand.class,
                ExploreCommand.class, HardwareCommand.class, LocksCommand.class, MatrixCommand.class,
                OracleCommand.class, SnapshotCommand.class, VectorsCommand.class},
        footer = {"", "Exit codes: 0 ok, 1 a check failed, 2 bad input or usage, 3 this machine cannot."})
public final class Cowtable implements Runnable {
    /** Exit code of bad input and bad usage. */
    static final int BAD_INPUT = 2;
    /** Exit code of a check that failed. */
    static final int FAILED = 1;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT,
            description = "show this help and exit")
    @SuppressWarnings("UnusedVariable")
    private boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "print the version and exit")
    @SuppressWarnings("UnusedVariable")
    private boolean version;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command");
    }

    /** Runs one command line and returns its exit code. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        int exitCode = new CommandLine(new Cowtable()).setOut(out).setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Cowtable::badUsage)
                .setExecutionExceptionHandler((e, _, _) -> broken(err, e))
                .execute(args);
        out.flush();
        err.flush();
        return exitCode;
    }

    private static int badUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.print("cowtable: " + e.getMessage() + "\n");
        err.print("Try '" + command.getCommandSpec().qualifiedName() + " --help'.\n");
        return BAD_INPUT;
    }

    /** Why: a defect of the laboratory itself is told in one line; the log has the rest. */
    private static int broken(PrintWriter err, Exception e) {
        LoggerFactory.getLogger(Cowtable.class).error("internal error", e);
        err.print("cowtable: internal error: " + e + "\n");
        return FAILED;
    }

    /** Runs the command line of the process. */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
        System.exit(run(out, err, args));
    }

    /** The version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Cowtable.class.getPackage().getImplementationVersion();
            return new String[] {"cowtable " + (version == null ? "(not packaged)" : version)};
        }
    }
}
