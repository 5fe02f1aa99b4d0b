package dev.cowtable.suite.readme;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The figures of a page: the cells of every table whose head is "command", "figure" and names of designs. */
record AnswerPage(List<Run> runs) {
    private static final Pattern COMMAND = Pattern.compile("`cowtable ([^`]+)`");
    private static final int FIRST_DESIGN = 2;

    /** A row; {@code cells} are by design. */
    record Row(String label, List<String> cells) {
        boolean isHostTime() {
            return label.startsWith("host time");
        }
    }

    /** A command and what the page says that it prints. */
    record Run(String command, List<String> designs, List<Row> rows) {
        List<String> arguments() {
            List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
            arguments.addAll(List.of("--designs", String.join(" ", designs)));
            return arguments;
        }

        String title() {
            return command + " --designs \"" + String.join(" ", designs) + "\"";
        }
    }

    static AnswerPage of(String markdown) {
        List<Run> runs = new ArrayList<>();
        List<String> designs = List.of();
        for (String line : markdown.lines().toList()) {
            if (!line.startsWith("|")) {
                designs = List.of();
                continue;
            }
            List<String> cells = List.of(line.strip().replaceAll("^\\| ?|\\|$", "").split("\\|", -1)).stream()
                    .map(String::strip).toList();
            if (cells.size() > FIRST_DESIGN && cells.get(0).equals("command") && cells.get(1).equals("figure")) {
                designs = cells.subList(FIRST_DESIGN, cells.size());
            } else if (!designs.isEmpty() && !cells.get(0).startsWith("---")) {
                addRow(runs, designs, cells);
            }
        }
        return new AnswerPage(List.copyOf(runs));
    }

    /** A row without a command belongs to the one above; other words in its first column are for the reader. */
    private static void addRow(List<Run> runs, List<String> designs, List<String> cells) {
        Matcher command = COMMAND.matcher(cells.get(0));
        if (command.find()) {
            runs.add(new Run(command.group(1), designs, new ArrayList<>()));
        }
        runs.getLast().rows().add(new Row(cells.get(1), cells.subList(FIRST_DESIGN, cells.size())));
    }

    long cells() {
        return runs.stream().flatMap(run -> run.rows().stream()).mapToLong(row -> row.cells().size()).sum();
    }

    /** What of a run's rows differs from what its command printed, a sentence each. */
    static List<String> differences(Run run, String printed) {
        List<String> found = new ArrayList<>();
        for (Row row : run.rows()) {
            List<String> cells = printed.lines().filter(line -> isRow(line, row.label())).findFirst()
                    .map(line -> List.of(line.strip().substring(row.label().length()).strip().split(" +", -1)))
                    .orElse(List.of());
            boolean same = row.isHostTime() ? cells.size() == row.cells().size() : cells.equals(row.cells());
            if (!same) {
                found.add(row.label() + ": the page says " + row.cells() + " and the command " + cells);
            }
        }
        return found;
    }

    private static boolean isRow(String line, String label) {
        return line.strip().startsWith(label + "  ");
    }
}
