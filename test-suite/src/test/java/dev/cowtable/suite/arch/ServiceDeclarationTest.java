package dev.cowtable.suite.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A design is found on the module path through {@code provides} and on the class path through {@code META-INF/services}:
 * both must name the same classes.
 */
final class ServiceDeclarationTest {
    private static final String SERVICES = "META-INF/services/";

    @Test
    void descriptorsAndServiceFilesNameTheSameProviders() throws IOException {
        List<ModuleReference> modules = modules();
        assertThat(modules).extracting(m -> m.descriptor().name()).containsExactlyInAnyOrder(
                "dev.cowtable.mmu", "dev.cowtable.mm", "dev.cowtable.fork", "dev.cowtable.gup");
        for (ModuleReference module : modules) {
            assertThat(fromServiceFiles(module)).as(module.descriptor().name()).isEqualTo(fromDescriptor(module));
        }
    }

    @Test
    void forkAndGupModulesProvideDesigns() throws IOException {
        assertThat(modules())
                .filteredOn(m -> Set.of("dev.cowtable.fork", "dev.cowtable.gup").contains(m.descriptor().name()))
                .hasSize(2)
                .allSatisfy(m -> assertThat(m.descriptor().provides()).isNotEmpty());
    }

    /** Explicit modules of this project among the class path's entries, folders or jars. */
    private static List<ModuleReference> modules() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(ServiceDeclarationTest::isOwn)
                .flatMap(entry -> ModuleFinder.of(entry).findAll().stream())
                .filter(m -> m.descriptor().name().startsWith(ProjectClasses.ROOT + "."))
                .filter(m -> !m.descriptor().isAutomatic())
                .toList();
    }

    private static boolean isOwn(Path entry) {
        String path = entry.toString().replace(File.separatorChar, '/');
        return Stream.of("mmu-hw", "mm-core", "mm-fork", "mm-gup").anyMatch(m -> path.contains("/" + m + "/"));
    }

    private static Map<String, Set<String>> fromDescriptor(ModuleReference module) {
        Map<String, Set<String>> byService = new TreeMap<>();
        for (ModuleDescriptor.Provides provides : module.descriptor().provides()) {
            byService.put(provides.service(), new TreeSet<>(provides.providers()));
        }
        return byService;
    }

    private static Map<String, Set<String>> fromServiceFiles(ModuleReference module) throws IOException {
        Map<String, Set<String>> byService = new TreeMap<>();
        try (ModuleReader reader = module.open(); Stream<String> names = reader.list()) {
            for (String name : names.filter(n -> n.startsWith(SERVICES) && !n.endsWith("/")).toList()) {
                byService.put(name.substring(SERVICES.length()), providers(text(reader, name)));
            }
        }
        return byService;
    }

    private static String text(ModuleReader reader, String name) throws IOException {
        ByteBuffer bytes = reader.read(name).orElseThrow();
        try {
            return StandardCharsets.UTF_8.decode(bytes).toString();
        } finally {
            reader.release(bytes);
        }
    }

    private static Set<String> providers(String serviceFile) {
        return serviceFile.lines()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .filter(line -> !line.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
