package dev.cowtable.suite.cli;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.VectorFile;
import dev.cowtable.suite.vectors.VectorGenerator;
import dev.cowtable.suite.vectors.VectorOracle;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What {@code vectors generate} and {@code vectors record} have in common. */
final class VectorsOptions {
    private static final int BATCH = 2000;

    @Option(names = "--count", paramLabel = "N", defaultValue = "10000",
            description = "how many vectors; default: ${DEFAULT-VALUE}")
    private long count = 10_000;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "1",
            description = "start of the pseudo-random draw; default: ${DEFAULT-VALUE}")
    private long seed = 1;

    @Option(names = "--vendor", paramLabel = "V", defaultValue = "intel",
            description = "amd or intel; default: ${DEFAULT-VALUE}")
    private Vendor vendor = Vendor.INTEL;

    @Option(names = "--maxphyaddr", paramLabel = "N", defaultValue = "48",
            description = "bits of a physical address, 36 to 52; default: ${DEFAULT-VALUE}")
    private int maxPhyAddr = 48;

    @Option(names = "--gb1", description = "the CPU has 1 GiB pages")
    private boolean gigabytePages;

    @Option(names = "--la57", description = "5-level paging")
    private boolean la57;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE",
            description = "write here, packed with gzip if the name ends in .gz; default: standard output")
    private @Nullable Path output;

    @Spec(Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    /** Throws what picocli reports as bad usage. */
    CpuModel model() {
        if (count < 1) {
            throw new ParameterException(spec.commandLine(), "--count " + count + ": at least one is needed");
        }
        try {
            return new CpuModel(vendor, maxPhyAddr, gigabytePages, la57, false);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--maxphyaddr " + maxPhyAddr + ": not 36 to 52", e);
        }
    }

    /** Asks the oracle and writes its answers; returns the exit code. */
    int write(VectorOracle oracle) {
        VectorFile file;
        try {
            file = perform(oracle);
        } catch (IOException e) {
            return failed("the oracle failed: " + e.getMessage(), Cowtable.FAILED);
        }
        List<String> comments =
                List.of("outcomes of: " + oracle.describe(), "seed " + seed + ", count " + count);
        Path target = output;
        try {
            if (target == null) {
                PrintWriter out = spec.commandLine().getOut();
                file.writeTo(out, comments);
                out.flush();
            } else {
                file.write(target, comments);
            }
        } catch (IOException e) {
            return failed("cannot write " + target + ": " + LitmusInputs.reason(e), Cowtable.BAD_INPUT);
        }
        return 0;
    }

    int failed(String reason, int exitCode) {
        spec.commandLine().getErr().print("cowtable: " + reason + "\n");
        return exitCode;
    }

    private VectorFile perform(VectorOracle oracle) throws IOException {
        VectorGenerator generator = new VectorGenerator(oracle.scope(), seed);
        VectorFile file = new VectorFile(oracle.scope().model());
        for (long left = count; left > 0; left -= BATCH) {
            oracle.perform(generator.next((int) Math.min(left, BATCH))).forEach(file::add);
        }
        return file;
    }
}
