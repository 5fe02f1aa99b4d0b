package dev.cowtable.suite.cli;

import dev.cowtable.suite.vectors.EmulatorOracle;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cowtable vectors generate}: vectors with this emulator's outcome. */
@Command(name = "generate", description = "Generates vectors with this emulator's outcomes.",
        footer = {"", "Exit codes: 0 written, 2 bad usage or an output that cannot be written."})
public final class VectorsGenerateCommand implements Callable<Integer> {
    @Mixin
    private VectorsOptions options = new VectorsOptions();

    @Override
    public Integer call() {
        try (EmulatorOracle oracle = new EmulatorOracle(options.model())) {
            return options.write(oracle);
        }
    }
}
