package dev.cowtable.suite.cli;

import dev.cowtable.suite.snapshot.PageState;
import dev.cowtable.suite.snapshot.ProcessRecorder;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotStatus;
import dev.cowtable.suite.snapshot.SnapshotWriter;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cowtable snapshot}: records a process's memory layout. */
@Command(name = "snapshot", description = "Records a process's memory layout for compare.",
        footer = {"", "Reads /proc/PID/smaps, pagemap and status; the process is not stopped.",
                "Exit codes: 0 recorded, 2 bad usage or a process or file that cannot be read or written."})
public final class SnapshotCommand implements Callable<Integer> {
    private static final int BAD_INPUT = 2;

    @Option(names = "--pid", required = true, paramLabel = "N", description = "the process to record")
    private long pid;

    @Option(names = {"-o", "--output"}, required = true, paramLabel = "FILE",
            description = "where to write it; packed with gzip if the name ends in .gz")
    private Path output = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        if (pid <= 0) {
            return failed("--pid " + pid + ": not a process id");
        }
        Snapshot snapshot;
        try {
            snapshot = ProcessRecorder.record(pid);
        } catch (IOException e) {
            return failed(String.valueOf(e.getMessage()));
        }
        try {
            SnapshotWriter.write(snapshot, output);
        } catch (IOException e) {
            return failed("cannot write " + output + ": " + reason(e));
        }
        spec.commandLine().getOut().println(summary(snapshot));
        spec.commandLine().getOut().flush();
        return 0;
    }

    private String summary(Snapshot snapshot) {
        SnapshotStatus status = snapshot.status();
        return output + ": " + snapshot.comm() + ", " + snapshot.vmas().size() + " VMAs, VmPTE " + status.vmPteKb()
                + " kB, VmRSS " + status.vmRssKb() + " kB, " + snapshot.nrAnonPages() + " anonymous pages, "
                + snapshot.nrPages(PageState.ZERO) + " zero pages"
                + (snapshot.steady() ? "" : " (the process changed its VMAs while it was read)");
    }

    private int failed(String reason) {
        spec.commandLine().getErr().println("cowtable: snapshot: " + reason);
        spec.commandLine().getErr().flush();
        return BAD_INPUT;
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "no such directory";
            case AccessDeniedException denied -> "permission denied";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }
}
