package dev.cowtable.suite.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmarks, then the C program that measures the machine's own kernel, and prints them in one table. */
public final class BenchRun {
    private static final int MIB_FORKED = 1024;
    private static final int REAL_ROUNDS = 7;
    private static final Duration REAL_LIMIT = Duration.ofMinutes(5);

    private final String only;
    private final boolean quick;

    public BenchRun(String only, boolean quick) {
        this.only = only;
        this.quick = quick;
    }

    /** Prints the table; what cannot be measured here is one line with the reason. */
    public void run(PrintWriter out) throws RunnerException, IOException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                .include("dev\\.cowtable\\.suite\\.bench\\..*(" + only + ").*")
                .forks(1).warmupIterations(quick ? 1 : 5).measurementIterations(quick ? 2 : 5)
                .warmupTime(TimeValue.seconds(quick ? 1 : 3)).measurementTime(TimeValue.seconds(quick ? 1 : 3))
                .jvmArgsAppend("-Xmx2g", "-Xms2g", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djdk.virtualThreadScheduler.parallelism=1")
                .verbosity(VerboseMode.SILENT).shouldFailOnError(true).build()).run();
        out.println("emulated, ns each                                  mean      error (99.9 %)");
        for (RunResult result : results) {
            Result<?> score = result.getPrimaryResult();
            out.printf(Locale.ROOT, "  %-46s %9.2f  +- %.2f%n", label(result.getParams()), score.getScore(),
                    score.getScoreError());
        }
        printReal(out);
    }

    private static String label(BenchmarkParams params) {
        String name = params.getBenchmark();
        String method = name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1).replace("Benchmark.", " ");
        Map<String, String> values = new TreeMap<>();
        params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
        return method + (values.isEmpty() ? "" : " " + String.join(" ", values.values()));
    }

    private static void printReal(PrintWriter out) throws IOException {
        Optional<NativeProgram> compiled = NativeProgram.compile("real_fork.c",
                reason -> out.println("this machine's kernel: skipped, " + reason));
        if (compiled.isEmpty()) {
            return;
        }
        try (NativeProgram program = compiled.get()) {
            out.println("this machine's kernel, " + MIB_FORKED + " MiB, ns each           minimum     median");
            Map<String, String> figures =
                    program.run(REAL_LIMIT, Integer.toString(MIB_FORKED), Integer.toString(REAL_ROUNDS));
            for (String name : new String[] {"fork_ns_per_pte", "reuse_ns_per_fault", "copy_ns_per_fault"}) {
                out.printf(Locale.ROOT, "  %-46s %9s  %9s%n", name.replace('_', ' '),
                        figures.get(name + "_min"), figures.get(name + "_median"));
            }
        }
    }
}
