package dev.cowtable.suite.cli;

import dev.cowtable.suite.bench.BenchRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cowtable bench}: the JMH benchmarks and the machine's own kernel, in one run and one table. */
@Command(name = "bench",
        description = {
                "Measures translation, faults, fork, swap and reclaim with JMH, and this machine's own beside them.",
                "Takes about twenty minutes; leave the machine alone meanwhile.",
                "Run by root, it turns swap space of its own on and off.",
                "Exit code 1: a path of the paging unit allocates memory."})
final class BenchCommand implements Callable<Integer> {
    @Option(names = "--only", paramLabel = "REGEX", defaultValue = ".*",
            description = "benchmarks to run (default: all)")
    private String only = ".*";

    @Option(names = "--quick", description = "short iterations: rough figures in two minutes")
    private boolean quick;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, RunnerException {
        PrintWriter out = spec.commandLine().getOut();
        return new BenchRun(only, quick).run(out) ? 0 : Cowtable.FAILED;
    }
}
