package dev.cowtable.suite.arch;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;

/** The main classes of every module, imported once. */
final class ProjectClasses {
    static final String ROOT = "dev.cowtable";

    /** Root packages of the modules that hold emulated code, which must run on any executor. */
    static final List<String> EMULATED = List.of(ROOT + ".mmu", ROOT + ".mm", ROOT + ".fork", ROOT + ".gup");

    static final String SUITE = ROOT + ".suite";

    /** The one class that may park a Java thread. */
    static final String THREADED_EXECUTOR = ROOT + ".mmu.exec.ThreadedExecutor";

    private static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/jmh_generated/"))
            .importPackages(ROOT);

    private ProjectClasses() {}

    static JavaClasses all() { return ALL; }

    /** Classes of one module, {@code package-info} included. */
    static List<JavaClass> in(String rootPackage) {
        return ALL.stream().filter(c -> isIn(rootPackage, c)).toList();
    }

    static List<JavaClass> emulated() {
        return ALL.stream().filter(c -> EMULATED.stream().anyMatch(p -> isIn(p, c))).toList();
    }

    static boolean isIn(String rootPackage, JavaClass javaClass) {
        String name = javaClass.getPackageName();
        return name.equals(rootPackage) || name.startsWith(rootPackage + ".");
    }

    /** ArchUnit's pattern for a package and all below it. */
    static String tree(String rootPackage) {
        return rootPackage + "..";
    }

    static String[] trees(List<String> rootPackages) {
        return rootPackages.stream().map(ProjectClasses::tree).toArray(String[]::new);
    }

    static byte[] bytes(JavaClass javaClass) {
        URI uri = javaClass.getSource().orElseThrow().getUri();
        try (InputStream in = uri.toURL().openStream()) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
