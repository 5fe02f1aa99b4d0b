package dev.cowtable.suite.oracle;

import dev.cowtable.suite.bench.NativeProgram;
import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.vectors.OracleUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The Linux kernel that this program runs on.
 *
 * <p>Each scenario is one run of a bundled C program, which puts back whatever it changed on the machine however it ends.
 * Its files, among them a swap file of 256 MiB, lie in a folder of their own that {@link #close} or the end of the JVM
 * removes.
 */
public final class RunningKernel implements LitmusKernel {
    /** Time for one scenario. */
    public static final int LIMIT_SECONDS = 60;

    static final List<String> HEADERS = List.of("control.h", "oracle.h");
    static final List<String> SOURCES = List.of("main.c", "accesses.c", "guard.c", "kernel_state.c", "mappings.c",
            "names.c", "numbers.c", "observe.c", "outside.c", "pagemap.c", "pins.c", "process.c", "process_table.c",
            "results.c", "uffd.c", "vmas.c", "words.c", "work_files.c");

    /** Why: the litmus processes must have a small, fixed layout and no memory that is written behind the scenes. */
    private static final List<String> OPTIONS =
            List.of("-static", "-no-pie", "-fno-stack-protector", "-fcf-protection=none");
    private static final Scenario TRIAL = LitmusParser.parse("trial", "# trial\nP0 mmap A pages=1\nP0 write A+0 1\n");
    private static final int BAD_INPUT = 2;
    private static final int CANNOT = 3;

    private final NativeProgram program;
    private final Path folder;
    private final Thread atExit = new Thread(this::stop, "oracle-clean-up");
    private volatile @Nullable Process running;

    private RunningKernel(NativeProgram program, Path folder) {
        this.program = program;
        this.folder = folder;
    }

    /**
     * Builds the runner and tries it.
     *
     * @param parent folder on a disk file system, which gets a folder for swap and O_DIRECT files
     */
    public static RunningKernel open(Path parent) throws OracleUnavailableException, IOException {
        return open(parent, System.getenv("PATH"));
    }

    static RunningKernel open(Path parent, @Nullable String searchPath)
            throws OracleUnavailableException, IOException {
        checkPlatform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
        NativeProgram program = compile(searchPath);
        RunningKernel kernel;
        try {
            kernel = new RunningKernel(program, Files.createTempDirectory(parent, "cowtable-oracle"));
        } catch (IOException e) {
            program.close();
            throw e;
        }
        Runtime.getRuntime().addShutdownHook(kernel.atExit);
        try {
            kernel.tryOut();
        } catch (OracleUnavailableException | IOException | RuntimeException e) {
            kernel.close();
            throw e;
        }
        return kernel;
    }

    static void checkPlatform(String system, String architecture) throws OracleUnavailableException {
        if (!system.equals("Linux") || !architecture.equals("amd64")) {
            throw new OracleUnavailableException("only Linux on x86-64 can be asked, this is "
                    + system.toLowerCase(Locale.ROOT) + " on " + architecture);
        }
    }

    private static NativeProgram compile(@Nullable String searchPath) throws OracleUnavailableException, IOException {
        List<String> reasons = new ArrayList<>();
        List<String> files = Stream.concat(SOURCES.stream(), HEADERS.stream()).map(name -> "oracle/" + name).toList();
        Optional<NativeProgram> compiled = NativeProgram.compile(files, OPTIONS, reasons::add, searchPath);
        if (compiled.isEmpty()) {
            throw new OracleUnavailableException(String.join("; ", reasons));
        }
        return compiled.get();
    }

    private void tryOut() throws OracleUnavailableException, IOException {
        switch (run(TRIAL)) {
            case KernelRun.Skipped(String reason) -> throw new OracleUnavailableException(reason);
            case KernelRun.Failed(String reason) -> throw new OracleUnavailableException(reason);
            case KernelRun.Observed _ -> {
            }
        }
    }

    @Override
    public List<String> differences() {
        return KernelSettings.differences(Path.of("/"));
    }

    @Override
    public KernelRun run(Scenario scenario) throws IOException {
        return run(scenario, LIMIT_SECONDS);
    }

    KernelRun run(Scenario scenario, int limitSeconds) throws IOException {
        Path input = folder.resolve("scenario");
        Path output = folder.resolve("output");
        Path errors = folder.resolve("errors");
        Files.writeString(input, ScenarioText.of(scenario));
        int exitCode = await(new ProcessBuilder(program.executable().toString(), folder.toString(),
                Integer.toString(limitSeconds), input.toString()).redirectOutput(output.toFile())
                .redirectError(errors.toFile()));
        if (exitCode == 0) {
            return new KernelRun.Observed(Files.readString(output));
        }
        String reason = Files.readString(errors).lines().findFirst().orElse("exit code " + exitCode);
        return switch (exitCode) {
            case CANNOT -> new KernelRun.Skipped(reason);
            case BAD_INPUT -> new KernelRun.Failed("the runner does not take it: " + reason);
            default -> new KernelRun.Failed(reason);
        };
    }

    /** Why no limit here: the program keeps its own, and may have to wait for another run first. */
    private int await(ProcessBuilder command) throws IOException {
        Process process = command.start();
        running = process;
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            end(process);
            running = null;
        }
    }

    /** A running program is asked to stop, and gets the time to put everything back. */
    private static void end(Process process) {
        process.destroy();
        boolean interrupted = false;
        while (process.isAlive()) {
            try {
                process.waitFor();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        Runtime.getRuntime().removeShutdownHook(atExit);
        removeFiles();
    }

    /** At the end of the JVM. */
    private void stop() {
        Process process = running;
        if (process != null) {
            end(process);
        }
        try {
            removeFiles();
        } catch (IOException _) {
            // nobody is left to be told
        }
    }

    private void removeFiles() throws IOException {
        try (program; Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
