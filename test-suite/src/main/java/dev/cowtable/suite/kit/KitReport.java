package dev.cowtable.suite.kit;

import dev.cowtable.suite.kit.KitOutcome.Verdict;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the checks came to, by group, with the first of each kind of trouble told in full. */
public final class KitReport {
    private final String design;
    private final Claim claim;
    private final Map<String, Group> groups = new LinkedHashMap<>();

    /** One line of the report. */
    private static final class Group {
        final EnumMap<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        @Nullable
        String firstFailure;
        @Nullable
        String firstRefusal;

        int count(Verdict verdict) {
            return counts.getOrDefault(verdict, 0);
        }
    }

    KitReport(String design, Claim claim) {
        this.design = design;
        this.claim = claim;
    }

    void add(KitCheck check, KitOutcome outcome) {
        Group group = groups.computeIfAbsent(check.group(), _ -> new Group());
        group.counts.merge(outcome.verdict(), 1, Integer::sum);
        if (outcome.breaks(claim) && group.firstFailure == null) {
            group.firstFailure = check.name() + ": " + outcome.text();
        } else if (outcome.verdict() == Verdict.UNSUPPORTED && group.firstRefusal == null) {
            group.firstRefusal = outcome.text();
        }
    }

    /** Whether the design keeps what it claims. */
    public boolean isClean() {
        return groups.values().stream().allMatch(group -> group.firstFailure == null);
    }

    /** Number of checks with that verdict. */
    public int count(Verdict verdict) {
        return groups.values().stream().mapToInt(group -> group.count(verdict)).sum();
    }

    /** The report for a reader. */
    public String text() {
        StringBuilder text = new StringBuilder("design ").append(design).append(", claims ")
                .append(claim == Claim.EXACT ? "that all prints as under Linux" : "the right bytes of every read")
                .append("\n\n");
        text.append(String.format("%-20s %7s %7s %7s %12s%n", "", "passed", "bytes", "differs", "unsupported"));
        groups.forEach((name, group) -> text.append(String.format("%-20s %7d %7d %7d %12d%n", name,
                group.count(Verdict.PASSED), group.count(Verdict.BYTES), group.count(Verdict.DIFFERS),
                group.count(Verdict.UNSUPPORTED))));
        groups.forEach((name, group) -> {
            tell(text, name + ", first difference: ", group.firstFailure);
            tell(text, name + ", first refusal: ", group.firstRefusal);
        });
        text.append('\n').append(isClean() ? "The design keeps what it claims." : "The design breaks what it claims.")
                .append('\n');
        return text.toString();
    }

    private static void tell(StringBuilder text, String head, @Nullable String what) {
        if (what != null) {
            text.append('\n').append(head).append(what.strip()).append('\n');
        }
    }

    @Override
    public String toString() {
        return text();
    }
}
