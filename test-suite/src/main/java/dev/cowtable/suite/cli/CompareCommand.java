package dev.cowtable.suite.cli;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.compare.CompareResult;
import dev.cowtable.suite.compare.Comparison;
import dev.cowtable.suite.compare.JsonReport;
import dev.cowtable.suite.compare.Progress;
import dev.cowtable.suite.compare.TextReport;
import dev.cowtable.suite.compare.Workload;
import dev.cowtable.suite.compare.Workloads;
import dev.cowtable.suite.snapshot.ProcessRecorder;
import dev.cowtable.suite.snapshot.RecordException;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotFormatException;
import dev.cowtable.suite.snapshot.SnapshotReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cowtable compare}: forks a recorded process under several designs and prints what each costs. */
@Command(name = "compare",
        description = "Forks a recorded process under several designs, replays a workload and prints one table.",
        footer = {"", "Without --pid and --snapshot the shipped snapshot is taken: a redis-server%nof about 1 GiB.", "",
                "The parent's threads run on two CPUs, its children on a third, reclaim on%n"
                        + "a fourth. Every read of a page is compared with what the process should see.%n"
                        + "Opaque pages (file, shared memory, swapped, huge) are never touched.",
                "", "Workloads:",
                Workloads.BGSAVE_HELP, Workloads.SPAWN_HELP, Workloads.FUZZ_HELP, Workloads.PREFORK_HELP,
                Workloads.ZYGOTE_HELP, Workloads.RECLAIM_HELP, Workloads.RECLAIM_NOMEM_HELP, "",
                "Exit codes: 0 compared, even if VmPTE differs from the record or a design%n"
                        + "refuses the workload; 1 a check of invariants, contents or leaks failed; 2 bad%n"
                        + "usage, or a process or snapshot that cannot be read."})
public final class CompareCommand implements Callable<Integer> {
    @ArgGroup(exclusive = true)
    private @Nullable Input input;

    @Option(names = "--workload", paramLabel = "NAME", defaultValue = "bgsave",
            description = "bgsave, spawn, fuzz, prefork, zygote, reclaim or reclaim-nomem (see below);"
                    + " default ${DEFAULT-VALUE}")
    private String workloadName = "bgsave";

    @Option(names = "--write-fraction", paramLabel = "F",
            description = "fraction of the writable pages that is written, 0 to 1; the default depends on the workload")
    private double writeFraction = Double.NaN;

    @Option(names = "--designs", paramLabel = "LIST", defaultValue = "classic relaxed",
            description = "designs separated by blanks or semicolons, the first is the yardstick;"
                    + " default \"${DEFAULT-VALUE}\"")
    private String designNames = "classic relaxed";

    @Option(names = "--folio-kb", paramLabel = "KB", defaultValue = "4",
            description = "put anonymous memory into folios of this size where one fits: 4 (the default) to 1024, a power of two")
    private int folioKb = 4;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "of all random draws; default ${DEFAULT-VALUE}")
    private long seed = 1;

    @Option(names = "--json", description = "print one JSON object instead of text")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Where the process comes from. */
    static final class Input {
        @Option(names = "--pid", paramLabel = "N", description = "record this process now")
        private @Nullable Long pid;

        @Option(names = "--snapshot", paramLabel = "FILE", description = "a file of cowtable snapshot")
        private @Nullable Path snapshot;
    }

    @Override
    public Integer call() {
        List<Design> designs;
        Workload workload;
        Snapshot snapshot;
        try {
            designs = Design.parseList(designNames);
            workload = Workloads.named(workloadName);
            checkFraction(workload);
            checkFolioSize();
            snapshot = snapshot();
        } catch (IllegalArgumentException | IOException e) {
            return failed(String.valueOf(e.getMessage()));
        }
        Progress progress = Progress.onTerminal(spec.commandLine().getErr());
        CompareResult result = new Comparison(snapshot, workload, writeFraction, seed, progress)
                .withFolios(Integer.numberOfTrailingZeros(folioKb >> 2)).run(designs);
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? JsonReport.of(result) : TextReport.of(result));
        out.flush();
        return result.passed() ? 0 : Cowtable.FAILED;
    }

    private void checkFraction(Workload workload) {
        boolean given = spec.commandLine().getParseResult().hasMatchedOption("--write-fraction");
        if (given && !(writeFraction >= 0 && writeFraction <= 1)) {
            throw new IllegalArgumentException("--write-fraction " + writeFraction + " is not between 0 and 1");
        }
        if (given && !workload.takesWriteFraction()) {
            throw new IllegalArgumentException("--write-fraction: workload " + workload.name() + " takes none");
        }
    }

    private void checkFolioSize() {
        if (folioKb < 4 || folioKb > 4 << Kernel.MAX_ANON_FOLIO_ORDER || Integer.bitCount(folioKb) != 1) {
            throw new IllegalArgumentException(
                    "--folio-kb " + folioKb + " is not a power of two from 4 to " + (4 << Kernel.MAX_ANON_FOLIO_ORDER));
        }
    }

    private Snapshot snapshot() throws IOException {
        Input given = input;
        if (given != null && given.pid != null) {
            return record(given.pid);
        }
        if (given == null || given.snapshot == null) {
            return SnapshotReader.readShipped();
        }
        try {
            return SnapshotReader.read(given.snapshot);
        } catch (SnapshotFormatException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException("cannot read " + given.snapshot + ": " + reason(e), e);
        }
    }

    private static Snapshot record(long pid) throws RecordException {
        if (pid <= 0) {
            throw new IllegalArgumentException("--pid " + pid + ": not a process id");
        }
        return ProcessRecorder.record(pid);
    }

    private int failed(String reason) {
        PrintWriter err = spec.commandLine().getErr();
        err.print("cowtable: compare: " + reason + "\n");
        err.flush();
        return Cowtable.BAD_INPUT;
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }
}
