package dev.cowtable.suite.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
        boolean paging = false;
        boolean fork = false;
        out.println("emulated, ns each                                  mean      error (99.9 %)   B/op");
        for (RunResult result : results) {
            print(result, out);
            check.add(result, label(result.getParams()));
            boolean ofPaging = isOfPaging(result);
            paging |= ofPaging;
            fork |= !ofPaging;
        }
        check.complaints().forEach(out::println);
        printMachine(new NativeFigures(out, quick), paging, fork);
        return check.complaints().isEmpty();
    }

    private Options options() {
        TimeValue each = TimeValue.seconds(quick ? 1 : 2);
        return new OptionsBuilder().include("dev\\.cowtable\\.suite\\.bench\\..*(" + only + ").*")
                .forks(1).warmupIterations(quick ? 1 : 4).measurementIterations(quick ? 2 : 5)
                .warmupTime(each).measurementTime(each).addProfiler(GCProfiler.class)
                .jvmArgsAppend("-Xmx2g", "-Xms2g", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djdk.virtualThreadScheduler.parallelism=1")
                .verbosity(VerboseMode.SILENT).shouldFailOnError(true).build();
    }

    private static boolean isOfPaging(RunResult result) {
        String benchmark = result.getParams().getBenchmark();
        return AllocationCheck.applies(benchmark) || benchmark.contains(ShootdownBenchmark.class.getSimpleName());
    }

    private static void print(RunResult result, PrintWriter out) {
        Result<?> score = result.getPrimaryResult();
        String bytes = isOfPaging(result) ? String.format(Locale.ROOT, "%.3f", AllocationCheck.bytesEach(result)) : "";
        String error = String.format(Locale.ROOT, "%.2f", score.getScoreError());
        out.printf(Locale.ROOT, "  %-46s %9.2f  +- %-9s %9s%n", label(result.getParams()), score.getScore(), error,
                bytes);
    }

    private static void printMachine(NativeFigures machine, boolean paging, boolean fork) throws IOException {
        if (paging) {
            machine.printTranslation();
        }
        if (fork) {
            machine.printFork();
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
