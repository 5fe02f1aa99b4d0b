package dev.cowtable.suite.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cowtable vectors}: single accesses of an MMU and their outcomes. */
@Command(name = "vectors", description = "Checks, generates and records MMU test vectors.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {VectorsCheckCommand.class, VectorsGenerateCommand.class, VectorsRecordCommand.class})
public final class VectorsCommand implements Runnable {
    /** Exit code of a recording on a machine that cannot. */
    static final int UNAVAILABLE = 3;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command");
    }
}
