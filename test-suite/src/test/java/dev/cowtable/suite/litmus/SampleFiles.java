package dev.cowtable.suite.litmus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The recorded scenarios that ship as resources: fifty that cover the language, and in folders of their own those of a subject, whose
 * names here begin with the folder's.
 */
public final class SampleFiles {
    private SampleFiles() {}

    public static List<String> names() {
        return names("");
    }

    /** The scenarios of one folder, such as {@code cow}. */
    public static List<String> names(String folder) {
        String prefix = folder.isEmpty() ? "" : folder + "/";
        try (Stream<Path> files = Files.list(folder(prefix))) {
            return files.map(path -> path.getFileName().toString()).filter(name -> name.endsWith(".txt"))
                    .map(name -> prefix + name.substring(0, name.length() - ".txt".length())).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Scenario scenario(String name) {
        return LitmusParser.parse(name + ".txt", read(name + ".txt"));
    }

    public static String expected(String name) {
        return read(name + ".expected");
    }

    public static String read(String file) {
        try {
            return Files.readString(folder(file).resolve(file.substring(file.indexOf('/') + 1)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder(String name) {
        int slash = name.indexOf('/');
        URL one = slash < 0 ? LitmusParser.class.getResource("001-cow-parent-first.txt")
                : LitmusParser.class.getResource("/litmus/" + name.substring(0, slash));
        try {
            Path path = Path.of(Objects.requireNonNull(one, name).toURI());
            return slash < 0 ? Objects.requireNonNull(path.getParent()) : path;
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
