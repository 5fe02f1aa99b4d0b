package dev.cowtable.suite.arch;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Emulated code blocks through its executor only: a JVM lock held across a scheduling point hangs every schedule. */
final class NoJvmConcurrencyTest {
    private static final String LOCKS = "java.util.concurrent.locks..";

    private static final DescribedPredicate<JavaClass> PARKS = describe(ProjectClasses.THREADED_EXECUTOR,
            c -> c.getName().equals(ProjectClasses.THREADED_EXECUTOR)
                    || c.getName().startsWith(ProjectClasses.THREADED_EXECUTOR + "$"));

    @Test
    void emulatedCodeUsesNoLockOfTheJavaLibrary() {
        noClasses().that().resideInAnyPackage(ProjectClasses.trees(ProjectClasses.EMULATED))
                .and(DescribedPredicate.not(PARKS))
                .should().dependOnClassesThat().resideInAPackage(LOCKS)
                .check(ProjectClasses.all());
    }

    @Test
    void threadedExecutorParksButTakesNoLock() {
        noClasses().that(PARKS)
                .should().dependOnClassesThat(describe("locks other than LockSupport",
                        c -> c.getPackageName().equals("java.util.concurrent.locks")
                                && !c.isEquivalentTo(LockSupport.class)))
                .check(ProjectClasses.all());
    }

    @Test
    void emulatedCodeKeepsNoJavaThread() {
        noFields().that().areDeclaredInClassesThat()
                .resideInAnyPackage(ProjectClasses.trees(ProjectClasses.EMULATED))
                .should().haveRawType(assignableTo(Thread.class))
                .check(ProjectClasses.all());
    }

    @Test
    void emulatedCodeHasNoMonitorAndNeverAsksForTheCurrentThread() {
        List<JavaClass> classes = ProjectClasses.emulated();
        assertThat(classes).isNotEmpty();
        assertThat(classes).flatMap(c -> JvmConcurrency.findings(ProjectClasses.bytes(c))).isEmpty();
    }

    @Test
    void scanSeesMethodsBlocksAndReferencesThatAreForbidden() throws IOException {
        try (InputStream in = Forbidden.class.getResourceAsStream("NoJvmConcurrencyTest$Forbidden.class")) {
            assertThat(in).isNotNull();
            String name = Forbidden.class.getName();
            assertThat(JvmConcurrency.findings(in.readAllBytes())).containsExactlyInAnyOrder(
                    name + ".method is a synchronized method",
                    name + ".block has a synchronized block",
                    name + " asks for Thread.currentThread");
        }
    }

    /** One of each, for the scan to find. */
    static final class Forbidden {
        private int count;

        synchronized int method() { return ++count; }

        void block() {
            synchronized (this) {
                count++;
            }
        }

        Supplier<Thread> reference() { return Thread::currentThread; }
    }
}
