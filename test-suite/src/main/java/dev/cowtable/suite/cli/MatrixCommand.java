package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.cli.LitmusInputs.BadInput;
import dev.cowtable.suite.kit.Claim;
import dev.cowtable.suite.kit.DesignMatrix;
import dev.cowtable.suite.kit.KitEffort;
import dev.cowtable.suite.kit.PairMatrix;
import dev.cowtable.suite.kit.ShippedScenario;
import dev.cowtable.suite.litmus.Scenario;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cowtable matrix}: scenarios beside designs, or fork strategies beside GUP flavours. */
@Command(name = "matrix", description = "Runs recorded scenarios under every design and prints one table of verdicts.",
        footer = {"",
                "pass: as the kernel printed; bytes: results and bytes of reads as recorded, counts or marks not, from line N of the",
                "scenario on; differs: a result, a byte or an invariant wrong; unsupported: refused by the design or the emulator.",
                "Exit codes: 0 ok, 1 a design that claims to be exact is not, 2 bad input or usage; good files run."})
public final class MatrixCommand implements Callable<Integer> {
    @Option(names = "--designs", paramLabel = "LIST",
            description = "designs, separated by blanks or ';'; default: all, with all combinations of their options")
    private @Nullable String designNames;

    @Option(names = "--gup",
            description = "instead: each fork strategy with each GUP flavour, and what shows that a pair is unsound")
    private boolean pairs;

    @Option(names = "--json", description = "print one JSON object")
    private boolean json;

    @Parameters(arity = "0..*", paramLabel = "FILE|DIR",
            description = "scenarios with their .expected; default: all that ship")
    private List<Path> inputs = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private boolean bad;

    @Override
    public Integer call() {
        List<Design> designs;
        try {
            designs = designNames != null ? Design.parseList(designNames) : pairs ? Design.all()
                    : DesignMatrix.allDesigns();
        } catch (IllegalArgumentException e) {
            report(String.valueOf(e.getMessage()));
            return Cowtable.BAD_INPUT;
        }
        return pairs ? gupPairs(designs) : scenarios(designs);
    }

    /** Why 0 with unsound pairs: nobody claims that every pair is sound; a fork with the flavour that it chose must be. */
    private int gupPairs(List<Design> forks) {
        if (!inputs.isEmpty()) {
            report("--gup takes no files");
            return Cowtable.BAD_INPUT;
        }
        PairMatrix matrix = PairMatrix.of(forks, KitEffort.QUICK);
        spec.commandLine().getOut().print(json ? MatrixJson.of(matrix) : MatrixText.of(matrix));
        return matrix.pairs().stream().anyMatch(pair -> !pair.isSound()
                && pair.design().gup().name().equals(pair.design().fork().defaultGup())) ? Cowtable.FAILED : 0;
    }

    private int scenarios(List<Design> designs) {
        DesignMatrix matrix = new DesignMatrix(designs);
        if (inputs.isEmpty()) {
            ShippedScenario.all().forEach(matrix::add);
        }
        inputs.forEach(input -> read(input).forEach(matrix::add));
        spec.commandLine().getOut().print(json ? MatrixJson.of(matrix) : MatrixText.of(matrix));
        if (bad) {
            return Cowtable.BAD_INPUT;
        }
        return IntStream.range(0, designs.size())
                .allMatch(i -> Claim.of(designs.get(i)) == Claim.BYTES || matrix.keepsClaim(i)) ? 0 : Cowtable.FAILED;
    }

    private List<ShippedScenario> read(Path input) {
        List<ShippedScenario> found = new ArrayList<>();
        try {
            for (Path file : LitmusInputs.expand(input)) {
                try {
                    Scenario scenario = LitmusInputs.scenario(file);
                    found.add(new ShippedScenario("", scenario, LitmusInputs.expected(file, scenario)));
                } catch (BadInput e) {
                    report(String.valueOf(e.getMessage()));
                }
            }
        } catch (BadInput e) {
            report(String.valueOf(e.getMessage()));
        }
        return found;
    }

    private void report(String reason) {
        bad = true;
        spec.commandLine().getErr().print("cowtable: " + reason + "\n");
    }
}
