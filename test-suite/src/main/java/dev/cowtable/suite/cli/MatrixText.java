package dev.cowtable.suite.cli;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.suite.kit.Claim;
import dev.cowtable.suite.kit.DesignMatrix;
import dev.cowtable.suite.kit.KitOutcome;
import dev.cowtable.suite.kit.KitOutcome.Verdict;
import dev.cowtable.suite.kit.PairMatrix;
import dev.cowtable.suite.kit.ScenarioTrial;
import java.util.List;
import java.util.Locale;

/** The tables of {@code cowtable matrix} for a reader. */
final class MatrixText {
    private static final int NAME_COLUMNS = 46;
    private static final int CELL_COLUMNS = 13;

    private MatrixText() {
    }

    static String of(DesignMatrix matrix) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < matrix.designs().size(); i++) {
            Design design = matrix.designs().get(i);
            out.append(String.format("%2d  %s, claims %s%n", i + 1, design, claim(design)));
        }
        out.append('\n').append(padded("", NAME_COLUMNS));
        for (int i = 0; i < matrix.designs().size(); i++) {
            out.append(padded(String.valueOf(i + 1), CELL_COLUMNS));
        }
        out.append('\n');
        for (DesignMatrix.Row row : matrix.rows()) {
            out.append(padded(name(row), NAME_COLUMNS));
            row.trials().forEach(trial -> out.append(padded(cell(trial), CELL_COLUMNS)));
            out.append('\n');
        }
        sums(out.append('\n'), matrix);
        failures(out, matrix);
        return stripped(out);
    }

    static String claim(Design design) {
        return Claim.of(design).name().toLowerCase(Locale.ROOT);
    }

    static String name(DesignMatrix.Row row) {
        String group = row.scenario().group();
        return (group.isEmpty() ? "" : group + "/") + row.scenario().scenario().name();
    }

    /** Such as {@code bytes:7}: the line of the scenario from which on it is so. */
    private static String cell(ScenarioTrial trial) {
        return switch (trial.outcome().verdict()) {
            case PASSED -> "pass";
            case UNSUPPORTED -> "unsupported";
            case BYTES, DIFFERS -> word(trial.outcome().verdict()) + ":" + trial.line();
        };
    }

    static String word(Verdict verdict) {
        return verdict == Verdict.PASSED ? "pass" : verdict.name().toLowerCase(Locale.ROOT);
    }

    private static void sums(StringBuilder out, DesignMatrix matrix) {
        for (Verdict verdict : Verdict.values()) {
            out.append(padded(word(verdict), NAME_COLUMNS));
            for (int i = 0; i < matrix.designs().size(); i++) {
                out.append(padded(String.valueOf(matrix.count(i, verdict)), CELL_COLUMNS));
            }
            out.append('\n');
        }
    }

    private static void failures(StringBuilder out, DesignMatrix matrix) {
        for (int i = 0; i < matrix.designs().size(); i++) {
            Claim claim = Claim.of(matrix.designs().get(i));
            for (DesignMatrix.Row row : matrix.rows()) {
                KitOutcome outcome = row.trials().get(i).outcome();
                if (outcome.breaks(claim)) {
                    out.append('\n').append(matrix.designs().get(i)).append(": ").append(outcome.text().strip())
                            .append('\n');
                }
            }
        }
    }

    static String of(PairMatrix matrix) {
        StringBuilder out = new StringBuilder(padded("fork", NAME_COLUMNS));
        List<String> gups = matrix.pairs().stream().map(pair -> pair.design().gup().name()).distinct().toList();
        gups.forEach(gup -> out.append(padded(gup, CELL_COLUMNS)));
        for (int i = 0; i < matrix.pairs().size(); i++) {
            PairMatrix.Pair pair = matrix.pairs().get(i);
            if (i % gups.size() == 0) {
                Design fork = pair.design();
                out.append('\n').append(padded(new Design(fork.fork(), fork.options(),
                        Design.parse(fork.fork().name()).gup()).toString(), NAME_COLUMNS));
            }
            out.append(padded(pair.isSound() ? "sound" : "unsound", CELL_COLUMNS));
        }
        out.append('\n');
        matrix.pairs().stream().filter(pair -> !pair.isSound()).forEach(pair -> out.append('\n')
                .append(pair.design().fork().name()).append(" with ").append(pair.design().gup().name())
                .append(", shown by ")
                .append(pair.firstCheck()).append(":\n  ").append(pair.text().strip().replace("\n", "\n  "))
                .append('\n'));
        return stripped(out);
    }

    private static String padded(String text, int columns) {
        return text + " ".repeat(Math.max(1, columns - text.length()));
    }

    private static String stripped(StringBuilder out) {
        return out.toString().replaceAll("(?m) +$", "");
    }
}
