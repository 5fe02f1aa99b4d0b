package dev.cowtable.suite.locks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A comparison of locks for the reader of a terminal. */
public final class LockText {
    private static final int LEAST_WIDTH = 12;
    private static final int MAX_TOLD = 10;
    private static final String VERDICT = "verdict of the checks";

    private static final String SCENE = """
            A parent and %d children of %d thread(s), each on a CPU of its own, share what fork left shared of %d
            full PTE table(s). Each thread writes 32 pages in the first half of the tables and reads 32 anywhere;
            the parent forks 4 times meanwhile; children exit%s.
            A step is one shared access of a CPU: an entry, a count, a lock. A wait lasts the steps that the holders
            make; who waits for the answer to an IPI makes none. All CPUs go at the same pace and compute nothing
            between accesses: the most contention that the mix can give. Steps tell work and order and say nothing
            about wall time.
            Sums of %d run(s), seeds %d to %d; "longest" and "at most" are of all runs.
            """;

    private final LockComparison result;
    private final StringBuilder text = new StringBuilder();

    private LockText(LockComparison result) {
        this.result = result;
    }

    public static String of(LockComparison result) {
        LockText report = new LockText(result);
        report.scene();
        report.table();
        report.remarks();
        return report.text.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void line(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args)).append('\n');
    }

    private void scene() {
        LockOptions options = result.options();
        line(SCENE, options.processes() - 1, options.threads(), options.tables(),
                options.reclaim() ? "; one more CPU reclaims 256 pages" : "", options.seeds(), options.firstSeed(),
                options.firstSeed() + options.seeds() - 1);
    }

    private void table() {
        int labelWidth = VERDICT.length();
        for (LockRow row : LockRow.values()) {
            labelWidth = Math.max(labelWidth, row.label().length());
        }
        row(labelWidth, "", result.designs().stream().map(Object::toString).toList());
        for (LockRow row : LockRow.values()) {
            if (row.isRare() && result.totals().stream().allMatch(totals -> row.of(totals) == 0)) {
                continue;
            }
            List<String> cells = new ArrayList<>();
            for (LockTotals totals : result.totals()) {
                cells.add(totals.refusal() != null ? "-" : String.format(Locale.ROOT, "%,d", row.of(totals)));
            }
            row(labelWidth, row.label(), cells);
        }
        row(labelWidth, VERDICT, result.totals().stream().map(LockText::verdict).toList());
    }

    private static String verdict(LockTotals totals) {
        return totals.refusal() != null ? "unsupported" : totals.violations().isEmpty() ? "ok" : "FAILED";
    }

    private void row(int labelWidth, String label, List<String> cells) {
        text.append(label).append(" ".repeat(labelWidth - label.length()));
        for (int i = 0; i < cells.size(); i++) {
            int width = Math.max(LEAST_WIDTH, result.designs().get(i).toString().length() + 2);
            text.append(" ".repeat(width - cells.get(i).length())).append(cells.get(i));
        }
        text.append('\n');
    }

    private void remarks() {
        for (int i = 0; i < result.designs().size(); i++) {
            LockTotals totals = result.totals().get(i);
            String design = result.designs().get(i).toString();
            if (totals.refusal() != null) {
                line("%s: unsupported: %s", design, totals.refusal());
            }
            totals.violations().stream().limit(MAX_TOLD).forEach(v -> line("%s: !! %s", design, v));
            if (totals.violations().size() > MAX_TOLD) {
                line("%s: !! %,d more", design, totals.violations().size() - MAX_TOLD);
            }
        }
    }
}
