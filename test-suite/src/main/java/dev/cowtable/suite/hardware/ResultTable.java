package dev.cowtable.suite.hardware;

import java.util.List;
import java.util.Locale;

/** One test's outcomes as text: how often each was seen under each TLB policy, and what the manuals say. */
public final class ResultTable {
    private static final String OUTCOME = "OUTCOME";
    private static final String EXPECTATION = "EXPECTATION";

    private final HardwareTest test;
    private final List<HardwareResult> results;
    private final StringBuilder text = new StringBuilder();

    private ResultTable(List<HardwareResult> results) {
        this.test = results.get(0).test();
        this.results = results;
    }

    /** Of one test under one policy or several. */
    public static String of(List<HardwareResult> results) {
        ResultTable table = new ResultTable(results);
        table.head();
        table.rows();
        table.faults();
        return table.text.toString();
    }

    private void head() {
        line(test.name() + ": " + test.description());
        if (!test.relation().isEmpty()) {
            line("  like " + test.relation());
        }
    }

    private void rows() {
        List<Outcome> rows = results.stream().flatMap(result -> result.rows().stream()).distinct().toList();
        int outcomeWidth = rows.stream().mapToInt(row -> row.text().length()).reduce(OUTCOME.length(), Math::max);
        int expectationWidth = rows.stream().mapToInt(row -> row.expectation().name().length())
                .reduce(EXPECTATION.length(), Math::max);
        String format = "  %-" + outcomeWidth + "s%s  %-" + expectationWidth + "s  %s";
        line(format.formatted(OUTCOME, headings(), EXPECTATION, "REASON"));
        for (Outcome row : rows) {
            line(format.formatted(row.text(), counts(row), row.expectation(), row.reason()));
        }
        boolean all = results.stream().allMatch(result -> result.randomSchedules() == 0);
        line(format.formatted("schedules", schedules(), "", all ? "all interleavings"
                : "the first ones, then random ones"));
    }

    private String headings() {
        StringBuilder cells = new StringBuilder();
        results.forEach(result -> cells.append("  ").append(result.policy()));
        return cells.toString();
    }

    private String counts(Outcome row) {
        StringBuilder cells = new StringBuilder();
        results.forEach(result -> cells.append(cell(result, result.count(row))));
        return cells.toString();
    }

    private String schedules() {
        StringBuilder cells = new StringBuilder();
        results.forEach(result -> cells.append(cell(result, result.schedules())));
        return cells.toString();
    }

    private static String cell(HardwareResult result, long number) {
        return String.format(Locale.ROOT, "  %" + result.policy().name().length() + "d", number);
    }

    private void faults() {
        for (HardwareResult result : results) {
            for (Outcome row : result.rows()) {
                if (result.isForbiddenButSeen(row)) {
                    line("  FAILED: under " + result.policy() + " the forbidden " + row.text() + " is seen, by "
                            + result.way(row));
                }
                if (result.isRequiredButUnseen(row)) {
                    line("  FAILED: under " + result.policy() + " " + row.text() + " is not seen");
                }
            }
        }
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
