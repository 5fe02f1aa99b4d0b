package dev.cowtable.suite.history;

import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A litmus program with {@link KernelWork} in between, run to its end: what users saw of it, and what the checks said first.
 *
 * <p>Why not against the model of user memory: that knows no kernel work. What users ought to see is what they see under classic.
 */
final class Story {
    private static final String OURS = "kernel ";
    private static final String GIVES = " gives ";

    private final List<String> lines;
    private final Scenario scenario;
    private final LitmusSession session;
    private final KernelWork work;
    private final List<String> seen = new ArrayList<>();
    private @Nullable String violation;

    private Story(List<String> lines, String design) {
        this.lines = lines;
        List<String> litmus = lines.stream().filter(line -> !line.startsWith(OURS)).toList();
        scenario = LitmusParser.parse("story.txt", "# a story\n" + String.join("\n", litmus) + "\n");
        session = new LitmusSession(scenario, Design.parse(design), TlbPolicy.ADVERSARIAL);
        work = new KernelWork(session, scenario.areasAt(Integer.MAX_VALUE));
    }

    /** What is wrong under a design: what the checks say and, after a line end, what users see other than under classic; or null. */
    static @Nullable String wrong(String program, String design) {
        List<String> lines = List.of(program.split("; "));
        Story right = new Story(lines, "classic");
        right.run();
        if (right.violation != null) {
            throw new IllegalArgumentException("no story under classic: " + right.violation);
        }
        Story story = new Story(lines, design);
        story.run();
        String difference = difference(right.seen, story.seen);
        if (story.violation == null && difference == null) {
            return null;
        }
        return (story.violation == null ? "nothing" : story.violation) + "\n"
                + (difference == null ? "nothing" : difference);
    }

    private static @Nullable String difference(List<String> right, List<String> seen) {
        for (int i = 0; i < Math.min(right.size(), seen.size()); i++) {
            if (!seen.get(i).equals(right.get(i))) {
                String ought = right.get(i);
                return seen.get(i) + ", not " + ought.substring(ought.lastIndexOf(GIVES) + GIVES.length());
            }
        }
        return seen.size() == right.size() ? null : seen.size() > right.size() ? seen.get(right.size()) : "the end";
    }

    private void run() {
        try {
            Iterator<Op> ops = scenario.ops().iterator();
            for (String line : lines) {
                String result = line.startsWith(OURS) ? work.perform(line) : perform(ops.next());
                seen.add("`" + line + "`" + GIVES + result);
                note(work.isUnderway() ? List.of() : session.violations());
            }
            look();
            session.shutDown().forEach(leak -> seen.add("in the end " + leak));
        } catch (RuntimeException e) {
            note(List.of("died: " + e.getMessage()));
        }
    }

    private void note(List<String> violations) {
        if (violation == null && !violations.isEmpty()) {
            violation = String.join("; ", violations);
        }
    }

    private String perform(Op op) {
        String line = session.perform(op);
        return line.substring(line.indexOf(" => ") + 4).replaceFirst(" min=.*", "").strip();
    }

    /** Reads every page of every process as it would. */
    private void look() {
        for (int number : session.numbers()) {
            MmStruct mm = session.mm(number);
            for (Area area : mm == null ? List.<Area>of() : scenario.areasAt(Integer.MAX_VALUE)) {
                for (long page = 0; page < Math.min(area.pages(), 8) && mm != null; page++) {
                    long value = session.kernel().userAccess().readByte(session.kernel().machine().cpu(0), mm,
                            area.pageVaddr(page));
                    seen.add("P" + number + " " + area.name() + "+" + page + GIVES + value);
                }
            }
        }
    }
}
