package dev.cowtable.suite.cli;

import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.hardware.HardwareResult;
import dev.cowtable.suite.hardware.HardwareRunner;
import dev.cowtable.suite.hardware.HardwareTest;
import dev.cowtable.suite.hardware.ResultTable;
import dev.cowtable.suite.hardware.catalogue.HardwareTests;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cowtable hardware}: runs litmus tests of the paging unit. */
@Command(name = "hardware", description = "Runs litmus tests of the emulated paging unit through all interleavings.",
        footer = {"", "Exit codes: 0 passed, 1 a forbidden outcome is seen or a required one is not, 2 bad usage."})
public final class HardwareCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", arity = "0..*", description = "the tests (default: all)")
    private List<String> names = List.of();

    @Option(names = "--tlb", paramLabel = "POLICY",
            description = "only this TLB policy: ${COMPLETION-CANDIDATES} (default: each)")
    private @Nullable TlbPolicy policy;

    @Option(names = "--list", description = "list the tests instead")
    private boolean list;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final List<HardwareTest> catalogue;

    public HardwareCommand() {
        this(HardwareTests.all());
    }

    /** With tests of one's own. */
    public HardwareCommand(List<HardwareTest> catalogue) {
        this.catalogue = List.copyOf(catalogue);
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            List<HardwareTest> tests = names.isEmpty() ? catalogue
                    : names.stream().map(name -> HardwareTests.named(catalogue, name)).toList();
            return list ? list(out, tests) : run(out, tests);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        } finally {
            out.flush();
        }
    }

    private static int list(PrintWriter out, List<HardwareTest> tests) {
        tests.forEach(test -> out.printf("%-24s %s\n", test.name(), test.description()));
        return 0;
    }

    private int run(PrintWriter out, List<HardwareTest> tests) {
        TlbPolicy only = policy;
        List<TlbPolicy> policies = only == null ? List.of(TlbPolicy.values()) : List.of(only);
        HardwareRunner runner = new HardwareRunner();
        int failed = 0;
        for (HardwareTest test : tests) {
            List<HardwareResult> results = policies.stream().map(each -> runner.run(test, each)).toList();
            failed += results.stream().allMatch(HardwareResult::passes) ? 0 : 1;
            out.print(ResultTable.of(results) + "\n");
        }
        out.printf("%d passed, %d failed\n", tests.size() - failed, failed);
        return failed == 0 ? 0 : Cowtable.FAILED;
    }
}
