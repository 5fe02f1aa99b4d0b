package dev.cowtable.suite.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmarks, then the C programs that measure the machine itself, and prints them in one table. */
public final class BenchRun {
    private static final Set<String> PAGING = Set.of("TranslateBenchmark", "LoadChainBenchmark",
            "InvalidationBenchmark", "BarePagingBenchmark", "ShootdownBenchmark");
    private static final Set<String> FORK = Set.of("BareAtomicsBenchmark", "ForkBenchmark", "WriteFaultBenchmark");
    private static final Set<String> MEMORY = Set.of("AnonymousFaultBenchmark", "UnmapBenchmark", "SwapBenchmark",
            "RmapBenchmark", "ReclaimBenchmark");
    private static final int FULL_MILLIS = 2_000;
    private static final int QUICK_WARMUP_MILLIS = 800;
    private static final int QUICK_MILLIS = 200;

    private final String only;
    private final boolean quick;

    public BenchRun(String only, boolean quick) {
        this.only = only;
        this.quick = quick;
    }

    /**
     * Prints the table; what cannot be measured here is one line with the reason.
     *
     * @return false if a path of the paging unit allocates
     */
    public boolean run(PrintWriter out) throws RunnerException, IOException {
        Collection<RunResult> results = new Runner(options()).run();
        AllocationCheck check = new AllocationCheck();
        Set<String> types = new TreeSet<>();
        out.println("emulated, ns each                                  mean      error (99.9 %)   minimum      B/op");
        for (RunResult result : results) {
            print(result, out);
            check.add(result, label(result.getParams()));
            types.add(AllocationCheck.type(result.getParams().getBenchmark()));
        }
        check.complaints().forEach(out::println);
        printMachine(new NativeFigures(out, quick), types);
        return check.complaints().isEmpty();
    }

    private Options options() {
        TimeValue warmup = TimeValue.milliseconds(quick ? QUICK_WARMUP_MILLIS : FULL_MILLIS);
        TimeValue each = TimeValue.milliseconds(quick ? QUICK_MILLIS : FULL_MILLIS);
        String heap = quick ? "1g" : "2g";
        return new OptionsBuilder().include("dev\\.cowtable\\.suite\\.bench\\..*(" + only + ").*")
                .forks(1).warmupIterations(quick ? 1 : 4).measurementIterations(quick ? 3 : 5)
                .warmupTime(warmup).measurementTime(each).addProfiler(GCProfiler.class)
                .jvmArgsAppend("-Xmx" + heap, "-Xms" + heap, "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djdk.virtualThreadScheduler.parallelism=1")
                .verbosity(VerboseMode.SILENT).shouldFailOnError(true).build();
    }

    private static boolean isOfPaging(RunResult result) {
        String benchmark = result.getParams().getBenchmark();
        return PAGING.contains(AllocationCheck.type(benchmark));
    }

    private static void print(RunResult result, PrintWriter out) {
        Result<?> score = result.getPrimaryResult();
        String bytes = isOfPaging(result) ? String.format(Locale.ROOT, "%.3f", AllocationCheck.bytesEach(result)) : "";
        String error = String.format(Locale.ROOT, "%.2f", score.getScoreError());
        out.printf(Locale.ROOT, "  %-46s %9.2f  +- %-9s %9.2f %9s%n", label(result.getParams()), score.getScore(),
                error, score.getStatistics().getMin(), bytes);
    }

    /** Only the figures that stand beside what was run. */
    private static void printMachine(NativeFigures machine, Set<String> types) throws IOException {
        if (!Collections.disjoint(types, PAGING)) {
            machine.printTranslation();
        }
        if (!Collections.disjoint(types, FORK)) {
            machine.printFork();
        }
        if (!Collections.disjoint(types, MEMORY)) {
            machine.printMemory();
        }
    }

    private static String label(BenchmarkParams params) {
        String name = params.getBenchmark();
        String method = name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1).replace("Benchmark.", " ");
        Map<String, String> values = new TreeMap<>();
        params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
        return method + (values.isEmpty() ? "" : " " + String.join(" ", values.values()));
    }
}
