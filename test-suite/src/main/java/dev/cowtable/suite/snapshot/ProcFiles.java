package dev.cowtable.suite.snapshot;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** The files of one process under /proc, with errors turned into one clear line. */
final class ProcFiles {
    private final long pid;
    private final Path directory;

    ProcFiles(long pid) throws RecordException {
        this.pid = pid;
        this.directory = Path.of("/proc", Long.toString(pid));
        if (!Files.isDirectory(Path.of("/proc/self"))) {
            throw new RecordException("there is no /proc file system here");
        }
        if (pid <= 0 || !Files.isDirectory(directory)) {
            throw new RecordException("no such process: " + pid);
        }
    }

    List<String> lines(String name) throws RecordException {
        try {
            return new String(Files.readAllBytes(directory.resolve(name)), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw failed(name, e);
        }
    }

    FileChannel open(String name) throws RecordException {
        try {
            return FileChannel.open(directory.resolve(name), StandardOpenOption.READ);
        } catch (IOException e) {
            throw failed(name, e);
        }
    }

    RecordException vanished() {
        return new RecordException("process " + pid + " vanished while it was read");
    }

    RecordException failed(String name, IOException e) {
        if (e instanceof RecordException known) {
            return known;
        }
        String reason = String.valueOf(e.getMessage());
        if (e instanceof NoSuchFileException || e instanceof FileNotFoundException
                || reason.contains("No such process")) {
            return vanished();
        }
        if (e instanceof AccessDeniedException || reason.contains("not permitted") || reason.contains("denied")) {
            return new RecordException("no permission to read /proc/" + pid + "/" + name
                    + " (another user's process, or ptrace is restricted; root can)");
        }
        return new RecordException("cannot read /proc/" + pid + "/" + name + ": " + reason);
    }
}
