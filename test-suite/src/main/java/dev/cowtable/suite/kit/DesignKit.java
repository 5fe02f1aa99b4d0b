package dev.cowtable.suite.kit;

import dev.cowtable.mm.spi.Design;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * The kit as JUnit tests: extend it, name the design, and each check is a test.
 *
 * <p>The design's provider must be registered under {@code META-INF/services}. What it refuses is shown as skipped, with the reason. The
 * report is printed when all is over.
 *
 * <pre>{@code
 * class MyDesignTest extends DesignKit {
 *     protected String design() {
 *         return "mine";
 *     }
 * }
 * }</pre>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class DesignKit {
    private final List<Map.Entry<KitCheck, KitOutcome>> outcomes = new ArrayList<>();

    /** The design, named {@code FORK[:key=value,...][/GUP]}. */
    protected abstract String design();

    /** How much is tried. */
    protected KitEffort effort() {
        return KitEffort.DEFAULT;
    }

    /** Where the report goes; standard output unless overridden. */
    protected void publish(KitReport report) {
        System.out.println(report.text());
    }

    /** A test for each check, by group. */
    @TestFactory
    final Stream<DynamicNode> designKeepsWhatItClaims() {
        Design design = Design.parse(design());
        Map<String, List<DynamicNode>> groups = new LinkedHashMap<>();
        for (KitCheck check : Kit.checks(design, effort())) {
            groups.computeIfAbsent(check.group(), _ -> new ArrayList<>())
                    .add(DynamicTest.dynamicTest(check.name(), () -> run(check, Claim.of(design))));
        }
        return groups.entrySet().stream()
                .map(group -> DynamicContainer.dynamicContainer(group.getKey(), group.getValue()));
    }

    private void run(KitCheck check, Claim claim) {
        KitOutcome outcome = check.run();
        outcomes.add(Map.entry(check, outcome));
        if (outcome.breaks(claim)) {
            throw new AssertionFailedError(outcome.text());
        }
        if (outcome.verdict() == KitOutcome.Verdict.UNSUPPORTED) {
            throw new TestAbortedException(outcome.text());
        }
    }

    @AfterAll
    final void publishReport() {
        Design design = Design.parse(design());
        KitReport report = new KitReport(design.toString(), Claim.of(design));
        outcomes.forEach(entry -> report.add(entry.getKey(), entry.getValue()));
        publish(report);
    }
}
