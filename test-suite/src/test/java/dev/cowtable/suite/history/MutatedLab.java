package dev.cowtable.suite.history;

import dev.cowtable.suite.history.Mutant.Edit;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** The whole laboratory loaded once more, with some classes compiled from edited sources. */
final class MutatedLab implements AutoCloseable {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String CLASS_PATH =
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    private final URLClassLoader loader;

    private MutatedLab(URLClassLoader loader) {
        this.loader = loader;
    }

    /** Compiles the edited sources into a folder; no edit gives the laboratory as it is. */
    static MutatedLab of(List<Edit> edits, Path folder) throws IOException {
        Path sources = Files.createDirectories(folder.resolve("sources"));
        Path classes = Files.createDirectories(folder.resolve("classes"));
        List<String> files = new ArrayList<>();
        for (String file : edits.stream().map(Edit::file).distinct().toList()) {
            Path edited = sources.resolve(file);
            Files.createDirectories(Objects.requireNonNull(edited.getParent()));
            Files.writeString(edited, edited(file, edits));
            files.add(edited.toString());
        }
        if (!files.isEmpty()) {
            compile(files, classes);
        }
        return new MutatedLab(new URLClassLoader(path(classes), ClassLoader.getPlatformClassLoader()));
    }

    private static String edited(String file, List<Edit> edits) throws IOException {
        String source = Files.readString(ROOT.resolve(file.replaceFirst("/", "/src/main/java/")));
        for (Edit edit : edits) {
            if (edit.file().equals(file)) {
                source = replacedOnce(source, edit);
            }
        }
        return source;
    }

    private static String replacedOnce(String source, Edit edit) {
        Pattern pattern = pattern(edit.good());
        Matcher matcher = pattern.matcher(source);
        if (!matcher.find() || pattern.matcher(source.substring(matcher.end())).find()) {
            throw new IllegalArgumentException("not once in " + edit.file() + ": " + edit.good());
        }
        return source.substring(0, matcher.start()) + edit.planted() + source.substring(matcher.end());
    }

    /** Finds a piece of source whatever its blanks and line ends. */
    static Pattern pattern(String piece) {
        return Pattern.compile(
                Arrays.stream(piece.trim().split("\\s+")).map(Pattern::quote).collect(Collectors.joining("\\s+")));
    }

    private static void compile(List<String> files, Path classes) {
        List<String> arguments =
                new ArrayList<>(List.of("-proc:none", "-nowarn", "-d", classes.toString(), "-cp", CLASS_PATH));
        arguments.addAll(files);
        if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)) != 0) {
            throw new IllegalArgumentException("the edited sources do not compile: " + files);
        }
    }

    private static URL[] path(Path classes) throws MalformedURLException {
        List<URL> path = new ArrayList<>(List.of(classes.toUri().toURL()));
        for (String entry : CLASS_PATH.split(File.pathSeparator)) {
            path.add(Path.of(entry).toUri().toURL());
        }
        return path.toArray(URL[]::new);
    }

    /** Calls a method of {@link Sequences} of this laboratory; what it returns, which may be null. */
    @Nullable
    String call(String method, String... arguments) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            Class<?>[] types = new Class<?>[arguments.length];
            Arrays.fill(types, String.class);
            var called = loader.loadClass(Sequences.class.getName()).getDeclaredMethod(method, types);
            called.setAccessible(true);
            return (String) called.invoke(null, (Object[]) arguments);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void close() throws IOException {
        loader.close();
    }
}
