package dev.cowtable.suite.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** A package without {@code @NullMarked} would be skipped by the null checker in silence. */
final class PackageInfoTest {
    @Test
    void everyPackageHasANullMarkedPackageInfo() {
        Set<String> packages = packages(c -> true);
        assertThat(packages).hasSizeGreaterThanOrEqualTo(ProjectClasses.EMULATED.size() + 1);
        assertThat(packages(PackageInfoTest::isNullMarkedPackageInfo)).isEqualTo(packages);
    }

    private static Set<String> packages(Predicate<JavaClass> filter) {
        return ProjectClasses.all().stream()
                .filter(filter)
                .map(JavaClass::getPackageName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isNullMarkedPackageInfo(JavaClass javaClass) {
        return javaClass.getSimpleName().equals("package-info") && javaClass.isAnnotatedWith(NullMarked.class);
    }
}
