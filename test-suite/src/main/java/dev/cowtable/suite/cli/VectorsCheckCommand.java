package dev.cowtable.suite.cli;

import dev.cowtable.suite.cli.LitmusInputs.BadInput;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorChecker;
import dev.cowtable.suite.vectors.VectorReader;
import dev.cowtable.suite.vectors.VectorSyntaxException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cowtable vectors check}: asks this emulator for what was recorded. */
@Command(name = "check", description = "Runs vectors on this emulator and compares with their recorded outcomes.",
        footer = {"", "A folder stands for all .txt and .txt.gz files in it. Each vector that differs is a line",
                "'FILE:LINE N field expected got', where field is the first of result, pa, ec, cr2, l5..l1 to differ.",
                "Exit codes: 0 all passed, 1 a vector differs, 2 bad input or usage; good files are checked."})
public final class VectorsCheckCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "FILE|DIR", description = "vectors, plain or packed with gzip")
    private List<Path> inputs = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final VectorChecker checker = new VectorChecker();
    private long passed;
    private long failed;
    private boolean bad;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (Path input : inputs) {
            try {
                for (Path file : expand(input)) {
                    check(file, out);
                }
            } catch (BadInput e) {
                report(e);
            }
        }
        out.print(passed + " passed, " + failed + " failed\n");
        out.flush();
        if (bad) {
            return Cowtable.BAD_INPUT;
        }
        return failed > 0 ? Cowtable.FAILED : 0;
    }

    /** Why: of a malformed file nothing is printed and nothing counts. */
    private void check(Path file, PrintWriter out) {
        List<String> differences = new ArrayList<>();
        try {
            long nrVectors = check(file, differences);
            differences.forEach(line -> out.print(line + "\n"));
            passed += nrVectors - differences.size();
            failed += differences.size();
        } catch (BadInput e) {
            report(e);
        }
    }

    private long check(Path file, List<String> differences) throws BadInput {
        long nrVectors = 0;
        try (VectorReader reader = VectorReader.open(file)) {
            for (RecordedVector vector = reader.next(); vector != null; vector = reader.next()) {
                nrVectors++;
                VectorChecker.Difference difference = checker.check(vector, reader.model());
                if (difference != null) {
                    differences.add(file + ":" + reader.line() + " " + vector.input().number() + " " + difference);
                }
            }
            return nrVectors;
        } catch (VectorSyntaxException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new BadInput(file + ": " + LitmusInputs.reason(e));
        }
    }

    private static List<Path> expand(Path input) throws BadInput {
        if (!Files.isDirectory(input)) {
            return List.of(input);
        }
        try (Stream<Path> files = Files.list(input)) {
            List<Path> found = files.filter(VectorsCheckCommand::holdsVectors).sorted().toList();
            if (found.isEmpty()) {
                throw new BadInput(input + ": no .txt or .txt.gz file in this folder");
            }
            return found;
        } catch (IOException e) {
            throw new BadInput(input + ": " + LitmusInputs.reason(e));
        }
    }

    private static boolean holdsVectors(Path file) {
        String name = file.toString();
        return name.endsWith(".txt") || name.endsWith(".txt.gz");
    }

    private void report(BadInput e) {
        bad = true;
        spec.commandLine().getErr().print("cowtable: " + e.getMessage() + "\n");
    }
}
