package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.locks.LockComparison;
import dev.cowtable.suite.locks.LockJson;
import dev.cowtable.suite.locks.LockOptions;
import dev.cowtable.suite.locks.LockText;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cowtable locks}: how long the locks of page tables are held and contended under each design. */
@Command(name = "locks",
        description = "Runs threads of a parent and its children at once and counts how table locks are held,"
                + " waited for, and what is sent under them.",
        footer = {"",
                "A step is one shared access of a CPU; a hold is counted in steps of its CPU, a%n"
                        + "wait in steps of the holders. All CPUs go at the same pace, in an order that%n"
                        + "the seed draws: the figures are the same on every machine and say nothing%n"
                        + "about wall time.",
                "", "Mixes: faults (writes, reads, forks, exits) or reclaim (the same, and one more%n"
                        + "CPU takes pages away; owner and ondemand refuse that).",
                "", "Exit codes: 0 compared, or refused by a design; 1 a check of invariants,%n"
                        + "contents or leaks failed; 2 bad usage."})
public final class LocksCommand implements Callable<Integer> {
    private static final String DESIGNS_OF_FAULTS = "classic relaxed relaxed:rmap=inplace owner ondemand";
    private static final String DESIGNS_OF_RECLAIM = "classic relaxed relaxed:rmap=inplace";
    private static final int DEFAULT_SEEDS = 8;

    @Option(names = "--designs", paramLabel = "LIST",
            description = "designs separated by blanks or semicolons; default \"" + DESIGNS_OF_FAULTS
                    + "\", without the last two for --mix reclaim")
    private @Nullable String designNames;

    @Option(names = "--mix", paramLabel = "NAME", defaultValue = "faults",
            description = "faults or reclaim; default ${DEFAULT-VALUE}")
    private String mix = "faults";

    @Option(names = "--processes", paramLabel = "N", defaultValue = "4",
            description = "the parent and its children; default ${DEFAULT-VALUE}")
    private int processes = 4;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "2",
            description = "of each process; default ${DEFAULT-VALUE}")
    private int threads = 2;

    @Option(names = "--tables", paramLabel = "N", defaultValue = "4",
            description = "PTE tables of the parent, all full, half of them written to; default ${DEFAULT-VALUE}")
    private int tables = 4;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "the first seed; default 1")
    private long seed = 1;

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "" + DEFAULT_SEEDS,
            description = "how many seeds to run; default ${DEFAULT-VALUE}")
    private int seeds = DEFAULT_SEEDS;

    @Option(names = "--json", description = "print one JSON object")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        LockOptions options;
        List<Design> designs;
        try {
            options = new LockOptions(processes, threads, tables, reclaims(), seed, seeds);
            designs = Design.parseList(designNames != null ? designNames
                    : options.reclaim() ? DESIGNS_OF_RECLAIM : DESIGNS_OF_FAULTS);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "locks: " + e.getMessage(), e);
        }
        LockComparison result = LockComparison.of(options, designs);
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? LockJson.of(result) : LockText.of(result));
        out.flush();
        return result.passed() ? 0 : Cowtable.FAILED;
    }

    private boolean reclaims() {
        return switch (mix) {
            case "faults" -> false;
            case "reclaim" -> true;
            default -> throw new IllegalArgumentException("--mix " + mix + ": there are faults and reclaim");
        };
    }
}
