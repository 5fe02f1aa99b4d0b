package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompareCommandTest {
    private final StringWriter err = new StringWriter();
    private final StringWriter out = new StringWriter();

    @TempDir
    private Path directory = Path.of("");

    private int run(String... args) {
        err.getBuffer().setLength(0);
        String[] line = new String[args.length + 1];
        line[0] = "compare";
        System.arraycopy(args, 0, line, 1, args.length);
        return Cowtable.run(new PrintWriter(out), new PrintWriter(err), line);
    }

    private void assertBadInput(String reason, String... args) {
        assertThat(run(args)).isEqualTo(2);
        assertThat(err.toString()).startsWith("cowtable: " + reason);
        assertThat(out.toString()).isEmpty();
    }

    private String shell() throws IOException {
        Path file = directory.resolve("shell.cowsnap");
        try (InputStream in =
                CompareCommandTest.class.getResourceAsStream("/dev/cowtable/suite/snapshot/bash.cowsnap")) {
            if (in == null) {
                throw new IOException("no sample");
            }
            Files.write(file, in.readAllBytes());
        }
        return file.toString();
    }

    @Test
    void aSnapshotFileIsComparedUnderTheDesignsAskedFor() throws IOException {
        assertThat(run("--snapshot", shell(), "--designs", "relaxed;classic", "--workload", "spawn")).isZero();
        assertThat(out.toString()).startsWith("bash (Linux ").contains("VmPTE: recorded 48 kB, emulated 48 kB: equal\n")
                .containsPattern("(?m)^ +relaxed +classic$").contains("classic costs ");
        assertThat(err.toString()).as("no progress bar without a terminal").isEmpty();
    }

    @Test
    void jsonGoesToStandardOutputAlone() throws IOException {
        assertThat(run("--snapshot", shell(), "--json", "--write-fraction", "0.5", "--seed", "9")).isZero();
        assertThat(out.toString()).startsWith("{\n  \"version\": 1,").endsWith("}\n").contains("\"writeFraction\": 0.5")
                .contains("\"seed\": 9");
    }

    @Test
    void badArgumentsAreToldInOneLineWithExitTwo() throws IOException {
        String file = shell();
        assertBadInput("compare: no fork design is named 'fancy'", "--snapshot", file, "--designs", "fancy");
        assertBadInput("compare: no workload is named 'sleep'", "--snapshot", file, "--workload", "sleep");
        assertBadInput("compare: --write-fraction 1.5 is not between 0 and 1", "--snapshot", file, "--write-fraction",
                "1.5");
        assertBadInput("compare: --write-fraction NaN is not", "--snapshot", file, "--write-fraction", "NaN");
        assertBadInput("compare: --write-fraction: workload spawn takes none", "--snapshot", file, "--workload",
                "spawn",
                "--write-fraction", "0.5");
        assertBadInput("compare: --folio-kb 24 is not a power of two from 4 to 1024", "--snapshot", file, "--folio-kb",
                "24");
        assertBadInput("compare: --folio-kb 2048 is not", "--snapshot", file, "--folio-kb", "2048");
        assertBadInput("", "--pid", "1", "--snapshot", file);
        assertBadInput("", "--pid", "x");
    }

    @Test
    void unreadableSnapshotsAndDeadProcessesAreToldWithExitTwo() throws IOException {
        assertBadInput("compare: cannot read nowhere: no such file", "--snapshot", "nowhere");
        Path bad = Files.writeString(directory.resolve("bad"), "cowtable-snapshot 1\nkernel 6\nnonsense\n");
        assertBadInput("compare: " + bad + ":3: expected a line 'comm ...'", "--snapshot", bad.toString());
        assertBadInput("compare: --pid 0: not a process id", "--pid", "0");
        assumeTrue(Files.isReadable(Path.of("/proc/self/pagemap")), "skipped: no /proc/self/pagemap here");
        assertBadInput("compare: no such process: 2147483647", "--pid", "2147483647");
    }

    @Test
    void aLiveProcessIsComparedAndItsTableBytesAreEqualOrExplained() throws IOException {
        assumeTrue(Files.isReadable(Path.of("/proc/self/pagemap")), "skipped: no /proc/self/pagemap here");
        Process sleep = new ProcessBuilder("sleep", "30").start();
        try {
            awaitExec(sleep.pid());
            assertThat(run("--pid", Long.toString(sleep.pid()))).isZero();
            assertThat(out.toString()).startsWith("sleep (Linux ").containsPattern("VmPTE: .*: equal\n|possible cause");
        } finally {
            sleep.destroyForcibly();
        }
    }

    /** Why: until it has called exec the child is the launcher, another program. */
    private static void awaitExec(long pid) throws IOException {
        Path comm = Path.of("/proc/" + pid + "/comm");
        while (!Files.readString(comm).equals("sleep\n")) {
            Thread.onSpinWait();
        }
    }

    @Test
    void helpTellsWhatEachWorkloadDoes() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("\n  bgsave ", "\n  spawn ", "\n  fuzz ", "\n  prefork ", "\n  zygote ",
                "\n  reclaim ", "\n  reclaim-nomem\n")
                .doesNotContain("%n");
    }
}
