package dev.cowtable.suite.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cowtable.suite.bench.NativeProgram;
import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.SampleFiles;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jspecify.annotations.Nullable;

/** The whole path, on the machine that the test runs on; skipped with a reason where it cannot. */
final class RunningKernelTest {
    @TempDir
    private static Path parent = Path.of("");

    private static @Nullable RunningKernel opened;
    private static String reason = "";

    @BeforeAll
    static void open() throws IOException {
        try {
            opened = RunningKernel.open(parent);
        } catch (OracleUnavailableException e) {
            reason = "cannot ask this machine's kernel: " + e.getMessage();
        }
    }

    @AfterAll
    static void closeLeavesNothing() throws IOException {
        if (opened != null) {
            opened.close();
        }
        assertThat(parent).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"001-cow-parent-first", "026-pin-two-forks", "036-odirect-write-unshare-reuse",
            "046-swap-evict-major", "066-zram-fork-parent-first", "160-dead-process", "171-crash-and-kill"})
    void aKernelSetUpAsTheRecordedOnePrintsTheRecord(String name) throws IOException {
        RunningKernel kernel = kernel();
        assumeTrue(kernel.differences().isEmpty(), () -> "another kernel: " + kernel.differences());
        KernelRun run = kernel.run(SampleFiles.scenario(name));
        assumeTrue(!(run instanceof KernelRun.Skipped), () -> name + ": " + run);
        assertThat(run).isEqualTo(new KernelRun.Observed(SampleFiles.expected(name)));
    }

    @Test
    void aScenarioWithoutEndIsEndedAndItsSwapSpaceGone() throws IOException {
        Scenario endless = LitmusParser.parse("endless", """
                # endless
                swap file
                P0 mmap A pages=4
                P0 touchrange A
                P0 madvise A pageout
                sleep 100000
                """);
        KernelRun run = kernel().run(endless, 1);
        assumeTrue(!(run instanceof KernelRun.Skipped), run::toString);
        assertThat(run).asString().startsWith("Failed[reason=no end after 1 s in operation ");
        assertThat(Path.of("/proc/swaps")).content().doesNotContain(parent.toString());
    }

    @Test
    void anInterruptedRunIsEndedAtOnce() throws IOException {
        RunningKernel kernel = kernel();
        Scenario endless = LitmusParser.parse("endless", "# endless\nP0 mmap A pages=1\nsleep 100000\n");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> kernel.run(endless)).isInstanceOf(IOException.class).hasMessage("interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void withoutACompilerTheReasonIsTold(@TempDir Path empty) {
        assumeTrue(System.getProperty("os.name", "").equals("Linux")
                && System.getProperty("os.arch", "").equals("amd64"), "not x86-64 Linux");
        assertThatThrownBy(() -> RunningKernel.open(empty, empty.toString()))
                .isInstanceOf(OracleUnavailableException.class).hasMessageStartingWith("no C compiler");
        assertThat(empty).isEmptyDirectory();
    }

    @Test
    void onlyLinuxOnX86IsAsked() throws OracleUnavailableException {
        RunningKernel.checkPlatform("Linux", "amd64");
        assertThatThrownBy(() -> RunningKernel.checkPlatform("Linux", "aarch64"))
                .isInstanceOf(OracleUnavailableException.class)
                .hasMessage("only Linux on x86-64 can be asked, this is linux on aarch64");
        assertThatThrownBy(() -> RunningKernel.checkPlatform("Mac OS X", "amd64"))
                .isInstanceOf(OracleUnavailableException.class);
    }

    @Test
    void everyFileOfTheRunnerIsNamed() throws IOException, URISyntaxException {
        Path main = Path.of(Objects.requireNonNull(
                NativeProgram.class.getResource("/dev/cowtable/suite/native/oracle/main.c")).toURI());
        try (Stream<Path> files = Files.list(Objects.requireNonNull(main.getParent()))) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(
                    Stream.concat(RunningKernel.SOURCES.stream(), RunningKernel.HEADERS.stream()).toList());
        }
    }

    private static RunningKernel kernel() {
        assumeTrue(opened != null, reason);
        return Objects.requireNonNull(opened);
    }
}
