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
import dev.cowtable.suite.litmus.run.EntryReader;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Runs one scenario once for each allocation of each of its operations, that allocation failing.
 *
 * <p>Afterwards the operation has answered with an errno and changed nothing, is done again, and must end as in a run without failure.
 */
final class Injection {
    /** What a process can see of itself, and what it is charged for. */
    private record Seen(Map<String, Integer> bytes, List<String> vmas, List<Long> counts) {}

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
            LitmusSession sound = upTo(op);
            FailureInjection failures = sound.kernel().failures();
            long before = failures.attempts();
            String result = result(sound.perform(op));
            long attempts = failures.attempts() - before;
            assertThat(attempts).as(op.src().text()).matches(count -> count == 0 || !(op instanceof Op.Exit));
            for (long n = 0; n < attempts; n++) {
                injectOne(op, n, sound, result);
                injected++;
            }
        }
        return injected;
    }

    private LitmusSession upTo(Op op) {
        LitmusSession session = new LitmusSession(scenario, design, TlbPolicy.ADVERSARIAL);
        scenario.ops().subList(0, op.src().number() - 1).forEach(session::perform);
        return session;
    }

    private void injectOne(Op op, long skipped, LitmusSession sound, String soundResult) {
        String what = op.src().text() + ", allocation " + skipped;
        LitmusSession session = upTo(op);
        List<Seen> before = look(session);
        session.kernel().failures().failOnceAfter(skipped);
        String result = result(session.perform(op));
        session.kernel().failures().off();
        assertThat(session.violations()).as(what).isEmpty();
        if (result.equals(soundResult) && !result.startsWith("ok")) {
            session.perform(op);
        } else if (!result.equals(soundResult)) {
            assertThat(result).as(what).matches("(ENOMEM|EAGAIN|EFAULT)( at=\\+[0-9]+)?");
            assertUnchanged(what, op, before, look(session));
            assertThat(result(session.perform(op))).as(what + ", again").isEqualTo(soundResult);
        }
        assertThat(session.violations()).as(what + ", again").isEmpty();
        assertThat(new StateComparison(sound, session).compare(areas)).as(what).isNull();
        assertThat(session.shutDown()).as(what).isEmpty();
    }

    /** A range that was written up to the failure keeps what was written; tables may have been made. */
    private void assertUnchanged(String what, Op op, List<Seen> before, List<Seen> after) {
        assertThat(after).as(what).hasSameSizeAs(before);
        for (int i = 0; i < before.size(); i++) {
            assertThat(after.get(i).vmas()).as(what).isEqualTo(before.get(i).vmas());
            if (!(op instanceof Op.TouchRange)) {
                assertThat(after.get(i).bytes()).as(what).isEqualTo(before.get(i).bytes());
            }
            if (op instanceof Op.Fork || op instanceof Op.Munmap || op instanceof Op.Mprotect
                    || op instanceof Op.Madvise) {
                assertThat(after.get(i).counts()).as(what).isEqualTo(before.get(i).counts());
            }
        }
    }

    // ------------------------------------------------------------ looking

    private List<Seen> look(LitmusSession session) {
        List<Seen> all = new ArrayList<>();
        for (int number : session.numbers()) {
            MmStruct mm = session.mm(number);
            if (mm != null) {
                all.add(new Seen(bytes(session, mm), vmas(mm), counts(mm)));
            }
        }
        return all;
    }

    private Map<String, Integer> bytes(LitmusSession session, MmStruct mm) {
        Map<String, Integer> bytes = new TreeMap<>();
        EntryReader entries = new EntryReader(session.kernel().machine().memory(), mm);
        for (Area area : areas) {
            for (long page = 0; page < area.pages(); page++) {
                long pte = entries.pte(area.vaddr() + page * AreaLayout.PAGE_BYTES);
                if (pte != 0) {
                    long paddr = pte & 0xf_ffff_ffff_f000L;
                    bytes.put(area.name() + "+" + page, session.kernel().machine().memory().readByte(paddr) & 0xff);
                }
            }
        }
        bytes.values().removeIf(value -> Objects.equals(value, 0));
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
        return List.of(mm.rss(Rss.ANONPAGES), mm.rss(Rss.FILEPAGES), mm.rss(Rss.SWAPENTS), mm.pgtablesBytes());
    }

    static String result(String line) {
        String result = line.substring(line.indexOf(" => ") + 4).strip();
        int faults = result.indexOf(" min=");
        return faults < 0 ? result : result.substring(0, faults);
    }
}
