package dev.cowtable.suite.property;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs one scenario once for each allocation of each of its operations, that allocation failing.
 *
 * <p>Afterwards the operation has answered with its errno and changed nothing that {@link InjectionRules} do not allow.
 * It is done again and must end as in a run without failure; so must all operations after it, and nothing has leaked
 * when all is over.
 */
final class Injection {
    /** What a process is charged for and which VMAs it has. */
    private record Seen(List<String> vmas, List<Long> counts) {}

    private final Design design;
    private final Scenario scenario;
    private final List<Area> areas;

    Injection(Design design, Scenario scenario) {
        this.design = design;
        this.scenario = scenario;
        this.areas = scenario.areasAt(Integer.MAX_VALUE);
    }

    /** Number of failures injected. */
    int run() {
        int injected = 0;
        for (Op op : scenario.ops()) {
            injected += injectEach(op);
        }
        return injected;
    }

    /** What a run without failure shows. */
    private record Sound(LitmusSession session, String result, Map<String, Long> before, Map<String, Long> after,
            List<String> rest) {}

    private int injectEach(Op op) {
        LitmusSession session = upTo(op);
        FailureInjection failures = session.kernel().failures();
        long attempts = failures.attempts();
        String result = result(session.perform(op));
        attempts = failures.attempts() - attempts;
        assertThat(attempts).as(op.src().text()).matches(count -> count == 0 || !(op instanceof Op.Exit));
        if (attempts == 0) {
            return 0;
        }
        LitmusSession other = upTo(op);
        other.perform(op);
        Map<String, Long> after = contents(other);
        LitmusSession third = upTo(op);
        third.perform(op);
        Sound sound = new Sound(session, result, contents(upTo(op)), after, rest(third, op));
        for (long n = 0; n < attempts; n++) {
            injectOne(op, n, sound);
        }
        return Math.toIntExact(attempts);
    }

    private LitmusSession upTo(Op op) {
        LitmusSession session = new LitmusSession(scenario, design, TlbPolicy.ADVERSARIAL);
        scenario.ops().subList(0, op.src().number() - 1).forEach(session::perform);
        return session;
    }

    private List<String> rest(LitmusSession session, Op op) {
        List<Op> ops = scenario.ops();
        return ops.subList(op.src().number(), ops.size()).stream().map(next -> result(session.perform(next))).toList();
    }

    private static String fail(LitmusSession session, Op op, long skipped) {
        session.kernel().failures().failOnceAfter(skipped);
        String result = result(session.perform(op));
        session.kernel().failures().off();
        return result;
    }

    private void injectOne(Op op, long skipped, Sound sound) {
        String what = design + ": " + op.src().text() + ", allocation " + skipped;
        LitmusSession session = upTo(op);
        List<Seen> before = look(session);
        String result = fail(session, op, skipped);
        assertThat(session.violations()).as(what).isEmpty();
        if (result.equals(sound.result) && !result.startsWith("ok")) {
            session.perform(op);
        } else if (!result.equals(sound.result)) {
            assertThat(result).as(what).matches(InjectionRules.errno(op));
            assertContentsKept(what, op, skipped, sound);
            assertUnchanged(what, op, before, look(session));
            if (InjectionRules.dropsTheEnd(op)) {
                assertThat(session.shutDown()).as(what).isEmpty();
                return;
            }
            assertThat(result(session.perform(op))).as(what + ", again").isEqualTo(sound.result);
        }
        assertThat(session.violations()).as(what + ", again").isEmpty();
        assertEndsAsWithoutFailure(what, op, session, sound);
    }

    private void assertEndsAsWithoutFailure(String what, Op op, LitmusSession session, Sound sound) {
        boolean exact = !InjectionRules.isBestEffort(op);
        String difference = new StateComparison(sound.session, session).compare(areas);
        if (exact) {
            assertThat(difference).as(what).isNull();
        }
        if (difference == null) {
            assertThat(rest(session, op)).as(what + ", afterwards").isEqualTo(sound.rest);
        } else {
            assertThat(contents(session)).as(what).isEqualTo(sound.after);
            rest(session, op);
        }
        assertThat(session.violations()).as(what + ", at the end").isEmpty();
        assertThat(session.shutDown()).as(what).isEmpty();
    }

    /** Looks by loads, which change the machine; so it is another one. */
    private void assertContentsKept(String what, Op op, long skipped, Sound sound) {
        LitmusSession session = upTo(op);
        String result = fail(session, op, skipped);
        Map<String, Long> after = contents(session);
        Map<String, Long> before = new TreeMap<>(sound.before);
        for (Area area : areas) {
            if (!InjectionRules.keepsContents(op, area.name(), result)) {
                after.keySet().removeIf(page -> page.contains(" " + area.name() + "+"));
                before.keySet().removeIf(page -> page.contains(" " + area.name() + "+"));
            }
        }
        assertThat(after).as(what).isEqualTo(before);
    }

    private static void assertUnchanged(String what, Op op, List<Seen> before, List<Seen> after) {
        assertThat(after).as(what).hasSameSizeAs(before);
        for (int i = 0; i < before.size(); i++) {
            if (InjectionRules.keepsVmas(op)) {
                assertThat(after.get(i).vmas()).as(what).isEqualTo(before.get(i).vmas());
            }
            if (InjectionRules.keepsCounts(op)) {
                assertThat(after.get(i).counts()).as(what).isEqualTo(before.get(i).counts());
            }
        }
    }

    // ------------------------------------------------------------ looking

    private static List<Seen> look(LitmusSession session) {
        List<Seen> all = new ArrayList<>();
        for (int number : session.numbers()) {
            @Nullable MmStruct mm = session.mm(number);
            if (mm != null) {
                all.add(new Seen(vmas(mm), counts(mm)));
            }
        }
        return all;
    }

    /** What loads see on each page that holds not zero; a fault is a negative number. */
    private Map<String, Long> contents(LitmusSession session) {
        Map<String, Long> bytes = new TreeMap<>();
        for (int number : session.numbers()) {
            @Nullable MmStruct mm = session.mm(number);
            if (mm == null) {
                continue;
            }
            for (Area area : areas) {
                for (long page = 0; page < area.pages(); page++) {
                    bytes.put("P" + number + " " + area.name() + "+" + page, session.kernel().userAccess().readByte(
                            session.kernel().machine().cpu(0), mm, area.vaddr() + page * AreaLayout.PAGE_BYTES));
                }
            }
        }
        bytes.values().removeIf(value -> value == 0);
        return bytes;
    }

    private static List<String> vmas(MmStruct mm) {
        List<String> texts = new ArrayList<>();
        for (VmAreaStruct vma : mm.vmas()) {
            texts.add(Long.toHexString(vma.start()) + "-" + Long.toHexString(vma.end()) + " " + vma.flags());
        }
        return texts;
    }

    private static List<Long> counts(MmStruct mm) {
        return List.of(mm.rss(Rss.ANONPAGES), mm.rss(Rss.FILEPAGES), mm.rss(Rss.SHMEMPAGES), mm.rss(Rss.SWAPENTS),
                mm.lockedVm(), mm.pgtablesBytes());
    }

    static String result(String line) {
        String result = line.substring(line.indexOf(" => ") + 4).strip();
        int faults = result.indexOf(" min=");
        return faults < 0 ? result : result.substring(0, faults);
    }
}
