package dev.cowtable.suite.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** What JMH's GC profiler has counted for the benchmarks of the paging unit, none of which may allocate. */
final class AllocationCheck {
    private static final List<String> WITHOUT_ALLOCATION = List.of("TranslateBenchmark", "LoadChainBenchmark",
            "InvalidationBenchmark", "BarePagingBenchmark");
    private static final double MAX_BYTES_EACH = 0.01;
    /** Why: JMH itself allocates some kilobytes an iteration; a path that allocates, many megabytes. */
    private static final double MAX_MIB_PER_SECOND_OF_JMH = 0.05;

    private final List<String> complaints = new ArrayList<>();

    /** True for the benchmarks of the paging unit, by their full name. */
    static boolean applies(String benchmark) {
        return WITHOUT_ALLOCATION.contains(type(benchmark));
    }

    /** The simple name of a benchmark's class. */
    static String type(String benchmark) {
        String type = benchmark.substring(0, benchmark.lastIndexOf('.'));
        return type.substring(type.lastIndexOf('.') + 1);
    }

    /** Bytes allocated for each operation. */
    static double bytesEach(RunResult result) {
        return secondary(result, "gc.alloc.rate.norm");
    }

    void add(RunResult result, String label) {
        if (applies(result.getParams().getBenchmark())) {
            add(label, bytesEach(result), secondary(result, "gc.alloc.rate"), secondary(result, "gc.count"));
        }
    }

    /** An unknown figure, which is not a number, is a failure too. */
    void add(String label, double bytesEach, double mibPerSecond, double collections) {
        boolean none = bytesEach <= MAX_BYTES_EACH || mibPerSecond <= MAX_MIB_PER_SECOND_OF_JMH;
        if (!none || collections != 0) {
            complaints.add(String.format(Locale.ROOT, "%s allocates: %.3f B each, %.0f collections", label, bytesEach,
                    collections));
        }
    }

    /** A line for each benchmark that has allocated. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    private static double secondary(RunResult result, String name) {
        Result<?> found = result.getSecondaryResults().get(name);
        return found == null ? Double.NaN : found.getScore();
    }
}
