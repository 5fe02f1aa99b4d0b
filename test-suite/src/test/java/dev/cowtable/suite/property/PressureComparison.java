package dev.cowtable.suite.property;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.migrate.MigratePages;
import dev.cowtable.mm.pgtable.Pte;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.stat.Counter;
import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.tlb.TlbPolicy;
import dev.cowtable.suite.litmus.Area;
import dev.cowtable.suite.litmus.AreaLayout;
import dev.cowtable.suite.litmus.Op;
import dev.cowtable.suite.litmus.Scenario;
import dev.cowtable.suite.litmus.run.EntryReader;
import dev.cowtable.suite.litmus.run.LitmusSession;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program under two designs while reclaim and migration take pages away in between, the same pages in both.
 *
 * <p>Why: no operation of a process reaches reclaim of a page that several map, which is what tells {@code rmap=inplace} from
 * {@code rmap=break}. No model is asked, so printed lines, state and invariants are compared and contents only through what is read.
 */
final class PressureComparison {
    private final Scenario scenario;
    private final LitmusSession left;
    private final LitmusSession right;
    private final boolean countsFaults;
    private final StateComparison states;
    private final Random random;

    PressureComparison(Program program, Design first, Design second, TlbPolicy policy, long seed) {
        scenario = program.scenario();
        left = new LitmusSession(scenario, first, policy);
        right = new LitmusSession(scenario, second, policy);
        countsFaults = policy == TlbPolicy.NONE;
        states = new StateComparison(left, right);
        random = new Random(seed);
    }

    /** The first difference in words, or null. A refused operation ends the program. */
    @Nullable
    String run() {
        for (Op op : scenario.ops()) {
            String difference;
            try {
                difference = step(op);
            } catch (UnsupportedOperationException e) {
                break;
            }
            if (difference != null) {
                return op.src().text() + ": " + difference;
            }
        }
        List<String> leaks = right.shutDown();
        return leaks.isEmpty() ? null : String.join("; ", leaks);
    }

    long counted(Counter counter) {
        return right.kernel().counters().sum(counter);
    }

    private @Nullable String step(Op op) {
        String mine = left.perform(op);
        String other = right.perform(op);
        if (!comparable(mine).equals(comparable(other))) {
            return mine.strip() + " and " + other.strip();
        }
        List<Area> areas = scenario.areasAt(op.src().number());
        for (int i = random.nextInt(4); i > 0 && !areas.isEmpty(); i--) {
            String difference = press(areas);
            if (difference != null) {
                return difference;
            }
        }
        List<String> violations = right.violations();
        return violations.isEmpty() ? states.compare(areas) : String.join("; ", violations);
    }

    private String comparable(String line) {
        int faults = line.indexOf(" min=");
        return countsFaults || faults < 0 ? line : line.substring(0, faults);
    }

    /** Takes one page away in both kernels; what came of it must be the same. */
    private @Nullable String press(List<Area> areas) {
        Area area = areas.get(random.nextInt(areas.size()));
        long vaddr = area.vaddr() + random.nextInt((int) area.pages()) * AreaLayout.PAGE_BYTES;
        List<Integer> numbers = List.copyOf(new TreeSet<>(left.numbers()));
        int number = numbers.get(random.nextInt(numbers.size()));
        boolean reclaims = random.nextInt(3) != 0;
        String mine = press(left, number, vaddr, reclaims);
        String other = press(right, number, vaddr, reclaims);
        return mine.equals(other) ? null : (reclaims ? "reclaim" : "migration") + " gave " + mine + " and " + other;
    }

    private static String press(LitmusSession session, int number, long vaddr, boolean reclaims) {
        MmStruct mm = session.mm(number);
        Kernel kernel = session.kernel();
        long pte = mm == null ? 0 : new EntryReader(kernel.machine().memory(), mm).pte(vaddr);
        if (!Pte.isPresent(pte) || Pte.isSpecial(pte)) {
            return "nothing";
        }
        return reclaims ? reclaim(kernel, Pte.pfn(pte))
                : new MigratePages(kernel).migrate(kernel.machine().cpu(0), Pte.pfn(pte)).name();
    }

    /** Frees the page if it can be: what reclaim does with one page of its list. */
    static String reclaim(Kernel kernel, long pfn) {
        Cpu cpu = kernel.machine().cpu(0);
        kernel.lru().lruAddDrainAll(cpu);
        return reclaimDrained(kernel, cpu, pfn);
    }

    /** As {@link #reclaim} on any CPU, for a page that is in no batch. */
    static String reclaimDrained(Kernel kernel, Cpu cpu, long pfn) {
        if (!kernel.lru().folioIsolateLru(cpu, pfn)) {
            return "not isolated";
        }
        return kernel.reclaim().reclaimPages(cpu, new long[] {pfn}, 1) + " freed";
    }
}
