package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.cli.LitmusInputs.BadInput;
import dev.cowtable.suite.litmus.LitmusChecker;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusResult;
import dev.cowtable.suite.litmus.run.LitmusRunner;
import dev.cowtable.suite.litmus.run.RunOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cowtable litmus}: runs litmus scenarios under a design, or checks them against a record. */
@Command(name = "litmus", description = "Runs litmus scenarios under a design and prints what a kernel would.",
        footer = {"", "A folder stands for all .txt files in it. One file's output goes to standard output; of several",
                "files each is headed by '== NAME', or with -o written to DIR/NAME.out.",
                "Exit codes: 0 ok, 1 a difference or a broken invariant, 2 bad input or usage; good files run."})
public final class LitmusCommand implements Callable<Integer> {
    @Option(names = "--design", paramLabel = "D", defaultValue = "classic",
            description = "FORK[:key=value,...][/GUP]; default: ${DEFAULT-VALUE}; see cowtable designs")
    private String designName = "classic";

    @Option(names = "--check", description = "compare with NAME.expected beside each file")
    private boolean check;

    @Option(names = {"-o", "--output"}, paramLabel = "DIR", description = "write each output to DIR/NAME.out")
    private @Nullable Path outputFolder;

    @Option(names = "--tlb", paramLabel = "POLICY", defaultValue = "none",
            description = "none (fault counts as recorded), realistic or adversarial; default: ${DEFAULT-VALUE}")
    private TlbPolicy tlbPolicy = TlbPolicy.NONE;

    @Parameters(arity = "1..*", paramLabel = "FILE|DIR", description = "scenarios")
    private List<Path> inputs = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final LitmusChecker checker = new LitmusChecker();
    private boolean bad;
    private boolean broken;

    @Override
    public Integer call() {
        Design design;
        try {
            design = Design.parse(designName);
        } catch (IllegalArgumentException e) {
            report(String.valueOf(e.getMessage()));
            return Cowtable.BAD_INPUT;
        }
        List<Path> files = files();
        for (Path file : files) {
            try {
                run(file, design, files.size() > 1);
            } catch (BadInput e) {
                report(String.valueOf(e.getMessage()));
            }
        }
        if (check) {
            out().print(checker.summary() + "\n");
        }
        if (bad) {
            return Cowtable.BAD_INPUT;
        }
        return broken || checker.failed() > 0 ? Cowtable.FAILED : 0;
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (Path input : inputs) {
            try {
                files.addAll(LitmusInputs.expand(input));
            } catch (BadInput e) {
                report(String.valueOf(e.getMessage()));
            }
        }
        return files;
    }

    private void run(Path file, Design design, boolean several) throws BadInput {
        Scenario scenario = LitmusInputs.scenario(file);
        String expected = check ? LitmusInputs.expected(file, scenario) : "";
        LitmusResult result = LitmusRunner.run(scenario, design, new RunOptions(tlbPolicy, false));
        broken |= !result.sound();
        if (outputFolder != null) {
            write(outputFolder, scenario.name(), result.text());
        }
        if (check) {
            compare(scenario.name(), expected, result);
        } else if (outputFolder == null) {
            out().print((several ? "== " + scenario.name() + "\n" : "") + result.text());
        }
        if (!result.sound() && (check || outputFolder != null)) {
            result.violations().forEach(what -> out().print(scenario.name() + ": !! invariant " + what + "\n"));
        }
    }

    private void compare(String name, String expected, LitmusResult result) {
        if (result.sound()) {
            LitmusChecker.Verdict verdict = checker.check(expected, result.text());
            if (verdict.result() == LitmusChecker.Result.FAILED) {
                out().print(verdict.describe(name));
            }
        } else {
            checker.fail();
            out().print(LitmusChecker.compare(expected, result.text()).describe(name));
        }
    }

    private static void write(Path folder, String name, String text) throws BadInput {
        Path file = folder.resolve(name + ".out");
        try {
            Files.createDirectories(folder);
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new BadInput("cannot write " + file + ": " + LitmusInputs.reason(e));
        }
    }

    private void report(String reason) {
        bad = true;
        spec.commandLine().getErr().print("cowtable: " + reason + "\n");
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
