package dev.cowtable.suite.compare;

import dev.cowtable.suite.snapshot.PageState;
import dev.cowtable.suite.snapshot.Snapshot;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A comparison for the reader of a terminal. */
public final class TextReport {
    private static final int MAX_TOLD = 10;
    private static final String VERDICT = "verdict of the checks";

    private final CompareResult result;
    private final StringBuilder text = new StringBuilder();

    private TextReport(CompareResult result) {
        this.result = result;
    }

    public static String of(CompareResult result) {
        TextReport report = new TextReport(result);
        report.process();
        report.sizes();
        report.leftOut();
        report.folios();
        report.workload();
        report.table();
        report.violations();
        report.savings();
        return report.text.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void line(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args)).append('\n');
    }

    private void process() {
        Snapshot snapshot = result.snapshot();
        line("%s (Linux %s): %d VMAs, %,d anonymous pages, %,d zero pages, rebuilt in %d ms", snapshot.comm(),
                snapshot.kernelRelease(), snapshot.vmas().size(), snapshot.nrAnonPages(),
                snapshot.nrPages(PageState.ZERO), result.rebuildNanos() / 1_000_000);
        line("as opaque entries: %,d file and shmem pages, %,d swapped, %,d in 2 MiB pages",
                snapshot.nrPages(PageState.FILE), snapshot.nrPages(PageState.SWAPPED),
                snapshot.nrPages(PageState.HUGE_ANON_SOLE) + snapshot.nrPages(PageState.HUGE_ANON_SHARED));
    }

    private void sizes() {
        RebuiltProcess.Sizes recorded = result.recorded();
        RebuiltProcess.Sizes emulated = result.emulated();
        long difference = emulated.vmPteKb() - recorded.vmPteKb();
        line("VmPTE: recorded %d kB, emulated %d kB: %s", recorded.vmPteKb(), emulated.vmPteKb(),
                difference == 0 ? "equal" : String.format(Locale.ROOT, "%+d kB", difference));
        for (String cause : result.vmPteCauses()) {
            line("  possible cause: %s", cause);
        }
        line("RSS: recorded anon %d, file %d, shmem %d, swap %d kB; emulated %d, %d, %d, %d kB", recorded.rssAnonKb(),
                recorded.rssFileKb(), recorded.rssShmemKb(), recorded.vmSwapKb(), emulated.rssAnonKb(),
                emulated.rssFileKb(), emulated.rssShmemKb(), emulated.vmSwapKb());
    }

    private void leftOut() {
        for (Map.Entry<LeftOut, Long> entry : result.leftOut().entrySet()) {
            line("left out (%,d): %s", entry.getValue(), entry.getKey().text());
        }
    }

    private void workload() {
        String fraction = Double.isNaN(result.writeFraction()) ? ""
                : String.format(Locale.ROOT, ", write fraction %s", result.writeFraction());
        line("workload %s%s, seed %d", result.workload(), fraction, result.seed());
        text.append('\n');
    }

    private void folios() {
        CompareResult.Folios folios = result.folios();
        if (folios.areLarge()) {
            line("anonymous pages in folios of %d KiB: %,d of %,d (made up: the record does not tell sizes)",
                    folios.kib(),
                    folios.pages(), result.snapshot().nrAnonPages());
        }
    }

    private boolean isLeftOut(Figure figure) {
        boolean allZero = result.designs().stream().allMatch(d -> d.figure(figure) == 0);
        return figure.isRare() && allZero || figure == Figure.FORK_BATCHES && !result.folios().areLarge();
    }

    private void table() {
        int labelWidth = VERDICT.length();
        for (Figure figure : Figure.values()) {
            labelWidth = Math.max(labelWidth, figure.label().length());
        }
        int[] widths = result.designs().stream().mapToInt(d -> Math.max(15, d.design().length() + 2)).toArray();
        List<DesignResult> designs = result.designs();
        row(labelWidth, widths, "", designs.stream().map(DesignResult::design).toList());
        for (Figure figure : Figure.values()) {
            if (isLeftOut(figure)) {
                continue;
            }
            row(labelWidth, widths, figure.label(),
                    designs.stream().map(d -> cell(d, figure)).toList());
        }
        row(labelWidth, widths, VERDICT, designs.stream().map(TextReport::verdict).toList());
        text.append('\n');
    }

    private static String verdict(DesignResult design) {
        return !design.passed() ? "FAILED" : design.refusal() != null ? "unsupported" : "ok";
    }

    private static String cell(DesignResult design, Figure figure) {
        Long value = design.figures().get(figure);
        return value == null ? "-" : String.format(Locale.ROOT, "%,d", figure.shown(value));
    }

    private void row(int labelWidth, int[] widths, String label, List<String> cells) {
        text.append(label).append(" ".repeat(labelWidth - label.length()));
        for (int i = 0; i < widths.length; i++) {
            text.append(" ".repeat(widths[i] - cells.get(i).length())).append(cells.get(i));
        }
        text.append('\n');
    }

    private void violations() {
        for (DesignResult design : result.designs()) {
            if (design.refusal() != null) {
                line("%s: unsupported: %s", design.design(), design.refusal());
            }
            List<String> told = design.violations();
            told.stream().limit(MAX_TOLD).forEach(v -> line("%s: !! %s", design.design(), v));
            if (told.size() > MAX_TOLD) {
                line("%s: !! %,d more", design.design(), told.size() - MAX_TOLD);
            }
        }
    }

    /** What each further design saves against the first. */
    private void savings() {
        DesignResult yardstick = result.designs().getFirst();
        for (DesignResult design : result.designs().subList(1, result.designs().size())) {
            long base = yardstick.figure(Figure.PEAK_TABLES);
            long saved = base - design.figure(Figure.PEAK_TABLES);
            if (!yardstick.passed() || !design.passed()) {
                line("%s against %s: no comparison, a check failed", design.design(), yardstick.design());
                continue;
            }
            if (!yardstick.isComparable() || !design.isComparable()) {
                continue;
            }
            line("%s %s %,d KiB of page tables at peak against %s (%.1f %%); %,d of %,d shared tables were broken",
                    design.design(), saved >= 0 ? "saves" : "costs", Math.abs(saved) >> 10, yardstick.design(),
                    100.0 * Math.abs(saved) / Math.max(1, base), design.figure(Figure.TABLES_BROKEN),
                    design.figure(Figure.TABLES_SHARED));
        }
    }
}
