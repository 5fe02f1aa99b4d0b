package dev.cowtable.suite.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Dependencies run one way: mmu, then mm, then fork and gup side by side, then suite. */
final class ModuleOrderTest {
    private static final String MMU = ProjectClasses.ROOT + ".mmu";
    private static final String MM = ProjectClasses.ROOT + ".mm";
    private static final String FORK = ProjectClasses.ROOT + ".fork";
    private static final String GUP = ProjectClasses.ROOT + ".gup";
    private static final String SUITE = ProjectClasses.SUITE;

    static Stream<Arguments> forbidden() {
        return Stream.of(
                Arguments.of(MMU, List.of(MM, FORK, GUP, SUITE)),
                Arguments.of(MM, List.of(FORK, GUP, SUITE)),
                Arguments.of(FORK, List.of(GUP, SUITE)),
                Arguments.of(GUP, List.of(FORK, SUITE)));
    }

    @ParameterizedTest
    @MethodSource("forbidden")
    void moduleKnowsNothingOfTheModulesAboveIt(String module, List<String> above) {
        noClasses().that().resideInAPackage(ProjectClasses.tree(module))
                .should().dependOnClassesThat().resideInAnyPackage(ProjectClasses.trees(above))
                .check(ProjectClasses.all());
    }

    @ParameterizedTest
    @MethodSource("modules")
    void everyModuleHasClassesToCheck(String module) {
        assertThat(ProjectClasses.in(module)).anyMatch(c -> !c.getSimpleName().equals("package-info"));
    }

    static Stream<String> modules() { return Stream.of(MMU, MM, FORK, GUP, SUITE); }
}
