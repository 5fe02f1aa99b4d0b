package dev.cowtable.suite.litmus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The recorded scenarios that ship as resources. */
public final class SampleFiles {
    private SampleFiles() {}

    public static List<String> names() {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(path -> path.getFileName().toString()).filter(name -> name.endsWith(".txt"))
                    .map(name -> name.substring(0, name.length() - ".txt".length())).sorted().toList();
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
            return Files.readString(folder().resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder() {
        URI uri;
        try {
            uri = Objects.requireNonNull(LitmusParser.class.getResource("001-cow-parent-first.txt")).toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return Objects.requireNonNull(Path.of(uri).getParent());
    }
}
