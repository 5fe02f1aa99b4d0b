package dev.cowtable.suite.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A bundled C or assembly program of one or more files, compiled into a directory of its own that {@link #close} removes. */
public final class NativeProgram implements AutoCloseable {
    private static final String RESOURCES = "/dev/cowtable/suite/native/";
    private static final List<String> COMPILERS = List.of("cc", "gcc", "clang");
    private static final Duration COMPILE_LIMIT = Duration.ofSeconds(60);

    private final Path directory;
    private final Path executable;

    private NativeProgram(Path directory, Path executable) {
        this.directory = directory;
        this.executable = executable;
    }

    /**
     * Compiles a bundled C file, such as {@code real_fork.c}.
     *
     * @param reason gets one line when the result is empty: no compiler on PATH, or the compiler's first complaint
     */
    public static Optional<NativeProgram> compile(String source, Consumer<String> reason) throws IOException {
        return compile(source, List.of(), reason);
    }

    /** @param options of the compiler, before the file */
    public static Optional<NativeProgram> compile(String source, List<String> options, Consumer<String> reason)
            throws IOException {
        return compile(List.of(source), options, reason, System.getenv("PATH"));
    }

    static Optional<NativeProgram> compile(String source, Consumer<String> reason, @Nullable String searchPath)
            throws IOException {
        return compile(List.of(source), List.of(), reason, searchPath);
    }

    /**
     * Compiles several files into one program; headers among them are there to be included.
     *
     * @param sources may name a folder, such as {@code oracle/main.c}; the last parts differ
     * @param searchPath folders of compilers, in the form of PATH; null for none
     */
    public static Optional<NativeProgram> compile(List<String> sources, List<String> options, Consumer<String> reason,
            @Nullable String searchPath) throws IOException {
        Optional<Path> compiler = findCompiler(searchPath);
        if (compiler.isEmpty()) {
            reason.accept("no C compiler (" + String.join(", ", COMPILERS) + ") on PATH");
            return Optional.empty();
        }
        Path directory = Files.createTempDirectory("cowtable-native");
        NativeProgram program = new NativeProgram(directory, directory.resolve("program"));
        try {
            Optional<String> complaint = program.build(compiler.get(), sources, options);
            if (complaint.isEmpty()) {
                return Optional.of(program);
            }
            reason.accept(
                    compiler.get().getFileName() + " cannot compile " + sources.getFirst() + ": " + complaint.get());
        } catch (IOException | RuntimeException e) {
            program.close();
            throw e;
        }
        program.close();
        return Optional.empty();
    }

    /** Runs the program to its end and returns the {@code key=value} lines that it prints, in order. */
    public Map<String, String> run(Duration limit, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(executable.toString()));
        command.addAll(List.of(args));
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : execute(command, limit).lines().toList()) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return values;
    }

    /** For a caller that has to talk with the running program. */
    public Path executable() {
        return executable;
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private Optional<String> build(Path compiler, List<String> sources, List<String> options) throws IOException {
        List<String> command = new ArrayList<>(List.of(compiler.toString(), "-O2", "-o", executable.toString()));
        command.addAll(options);
        for (String source : sources) {
            Path file = unpack(source);
            if (!source.endsWith(".h")) {
                command.add(file.toString());
            }
        }
        try {
            execute(command, COMPILE_LIMIT);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private Path unpack(String source) throws IOException {
        Path file = directory.resolve(source.substring(source.lastIndexOf('/') + 1));
        try (InputStream in = NativeProgram.class.getResourceAsStream(RESOURCES + source)) {
            if (in == null) {
                throw new IOException("resource " + RESOURCES + source + " is missing");
            }
            Files.copy(in, file);
        }
        return file;
    }

    /** Output of a command that ends well in time; anything else is an exception with the first line it printed. */
    private String execute(List<String> command, Duration limit) throws IOException {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile())
                .redirectInput(new File("/dev/null")).start();
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("no end after " + limit.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.UTF_8);
        if (process.exitValue() != 0) {
            throw new IOException(text.lines().findFirst().orElse("exit code " + process.exitValue()));
        }
        return text;
    }

    private static Optional<Path> findCompiler(@Nullable String searchPath) {
        String directories = searchPath == null ? "" : searchPath;
        for (String name : COMPILERS) {
            for (String directory : directories.split(File.pathSeparator, -1)) {
                Path file = Path.of(directory, name);
                if (!directory.isEmpty() && Files.isRegularFile(file) && Files.isExecutable(file)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }
}
