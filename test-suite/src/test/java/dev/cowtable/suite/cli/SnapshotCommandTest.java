package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cowtable.suite.snapshot.SnapshotReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class SnapshotCommandTest {
    private final StringWriter err = new StringWriter();
    private final StringWriter out = new StringWriter();

    @TempDir
    private Path directory = Path.of("");

    @BeforeEach
    void needsProc() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/pagemap")), "skipped: no /proc/self/pagemap here");
    }

    @Test
    void aRecordedFileCanBeReadAndNothingElseIsLeft() throws IOException {
        Path file = directory.resolve("self.cowsnap.gz");
        assertThat(run("--pid", self(), "-o", file.toString())).isZero();
        assertThat(SnapshotReader.read(file).vmas()).isNotEmpty();
        assertThat(out.toString()).contains("VmPTE");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void badProcessIdsAndFilesAreToldWithExitTwo() throws IOException {
        assertFails("no such process: 2147483647", "--pid", "2147483647", "-o", file("a"));
        assertFails("--pid 0: not a process id", "--pid", "0", "-o", file("a"));
        assertFails("cannot write " + file("no/a") + ": no such directory", "--pid", self(), "-o", file("no/a"));
        try (var files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void missingAndUnknownOptionsAreBadUsage() {
        assertThat(run("--pid", "1")).isEqualTo(2);
        assertThat(run("-o", file("a"))).isEqualTo(2);
        assertThat(run("--pid", "x", "-o", file("a"))).isEqualTo(2);
        assertThat(Cowtable.run(new PrintWriter(out), new PrintWriter(err), "snapshot", "--help")).isZero();
    }

    private void assertFails(String reason, String... args) {
        err.getBuffer().setLength(0);
        assertThat(run(args)).isEqualTo(2);
        assertThat(err.toString()).isEqualTo("cowtable: snapshot: " + reason + System.lineSeparator());
    }

    private int run(String... args) {
        return new CommandLine(new SnapshotCommand()).setErr(new PrintWriter(err)).setOut(new PrintWriter(out))
                .execute(args);
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    private static String self() {
        return Long.toString(ProcessHandle.current().pid());
    }
}
