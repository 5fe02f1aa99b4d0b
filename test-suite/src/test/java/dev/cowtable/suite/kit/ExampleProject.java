package dev.cowtable.suite.kit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** A copy of the example project in a folder of its own, compiled against this class path, and what runs with it. */
final class ExampleProject implements AutoCloseable {
    private static final String DESIGN = "src/main/java/example/SoleFork.java";

    private final URLClassLoader loader;

    private ExampleProject(URLClassLoader loader) {
        this.loader = loader;
    }

    /** The project, with one piece of the design's source replaced; each piece occurs once. */
    static ExampleProject inFolder(Path folder, String good, String planted) throws IOException {
        copyTo(folder);
        Path design = folder.resolve(DESIGN);
        String source = Files.readString(design);
        if (source.split(Pattern.quote(good), -1).length != 2) {
            throw new IllegalArgumentException("not once in the example: " + good);
        }
        Files.writeString(design, source.replace(good, planted));
        Path classes = Files.createDirectories(folder.resolve("classes"));
        compile(folder, classes);
        URL[] path = {classes.toUri().toURL(), folder.resolve("src/main/resources").toUri().toURL()};
        return new ExampleProject(new URLClassLoader(path, ExampleProject.class.getClassLoader()));
    }

    static Path source() throws URISyntaxException {
        URI uri = Objects.requireNonNull(ExampleProject.class.getResource("/kit-example")).toURI();
        return Path.of(uri);
    }

    private static void copyTo(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(source())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path to = folder.resolve(source().relativize(file).toString());
                Files.createDirectories(Objects.requireNonNull(to.getParent()));
                Files.copy(file, to);
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void compile(Path folder, Path classes) throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        List<String> sources;
        try (Stream<Path> files = Files.walk(folder)) {
            sources = files.map(Path::toString).filter(name -> name.endsWith(".java")).toList();
        }
        Stream<String> options = Stream.of("-proc:none", "-nowarn", "-d", classes.toString(), "-cp",
                System.getProperty("java.class.path"));
        int result = javac.run(null, null, null, Stream.concat(options, sources.stream()).toArray(String[]::new));
        if (result != 0) {
            throw new IllegalStateException("the example does not compile");
        }
    }

    Class<?> load(String name) {
        try {
            return loader.loadClass(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs something that finds the project's services. */
    <T> T with(Supplier<T> work) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return work.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void close() {
        try {
            loader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
