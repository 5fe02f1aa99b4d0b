package dev.cowtable.suite.kit;

import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.Scenario;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A scenario with what a real kernel printed for it.
 *
 * @param group the folder that it comes from, such as {@code litmus/cow}
 */
public record ShippedScenario(String group, Scenario scenario, String expected) {
    private static final String TEXT = ".txt";
    /** Groups and the folders on the class path where they lie. */
    private static final Map<String, String> FOLDERS = Map.of("litmus", "dev/cowtable/suite/litmus", "litmus/cow",
            "litmus/cow", "litmus/ops", "litmus/ops", "litmus/random", "litmus/random");

    /** All that ship, by group and name; of a folder only those that were recorded. */
    public static List<ShippedScenario> all() {
        List<ShippedScenario> all = new ArrayList<>();
        FOLDERS.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .forEach(folder -> all.addAll(inResource(folder.getKey(), folder.getValue())));
        if (all.isEmpty()) {
            throw new IllegalStateException("no scenario is on the class path");
        }
        return List.copyOf(all);
    }

    private static List<ShippedScenario> inResource(String group, String resource) {
        try {
            List<ShippedScenario> found = new ArrayList<>();
            for (URL url : ShippedScenario.class.getClassLoader().resources(resource).toList()) {
                found.addAll(inUrl(group, url.toURI(), resource));
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<ShippedScenario> inUrl(String group, URI uri, String resource) throws IOException {
        if (!"jar".equals(uri.getScheme())) {
            return inFolder(group, Path.of(uri));
        }
        Path jar = Path.of(URI.create(uri.getRawSchemeSpecificPart().split("!", 2)[0]));
        try (FileSystem files = FileSystems.newFileSystem(jar)) {
            return inFolder(group, files.getPath(resource));
        }
    }

    /** The scenarios of a folder that have an {@code .expected} beside them, by name. */
    public static List<ShippedScenario> inFolder(String group, Path folder) throws IOException {
        List<ShippedScenario> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(TEXT)).sorted().toList()) {
                String name = String.valueOf(file.getFileName());
                Path record = file.resolveSibling(name.replace(TEXT, ".expected"));
                if (Files.exists(record)) {
                    found.add(new ShippedScenario(group, LitmusParser.parse(name, Files.readString(file)),
                            Files.readString(record)));
                }
            }
        }
        return found;
    }
}
