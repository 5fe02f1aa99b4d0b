package dev.cowtable.fork.relaxed;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The two open questions of the relaxed design, each with both answers.
 *
 * <p><b>{@code rmap}.</b> Reclaim and migration reach a page of a shared table through the VMA of each sharer in turn. {@code break} gives each
 * a table of its own first: R-1 allocations at the very time when memory is short. {@code inplace} changes the entry once for all: mapcount
 * and references fall by R, swap counts grow by R, RSS of each sharer and the TLBs of each are seen to, and nothing is allocated. It needs the
 * list of sharers, and that none is about to leave. It breaks all the same for a page that one sharer has locked, that somebody mirrors
 * (he is told before an entry changes, and who shares is known under ptl only), and that is lazily freed.
 *
 * <p><b>{@code pmd}.</b> {@code protected} takes R/W from the PMD entries that point at a shared table; {@code marked} leaves them alone and
 * keeps the sharing in the table's descriptor only. Then fork changes no upper entry and owes no flush for one, and no kernel function can take
 * the entry for a bad one (see the package). What the hardware no longer catches, all of it the fault of a path that forgot to break:
 *
 * <ul>
 *   <li>An entry made writable in a shared table (reuse, mprotect, a restored or swapped-in entry) lets every sharer write to a common page.
 *       Protected, each write still faults at the PMD entry, and {@code finishPresent()} breaks there; marked, no fault comes at all.
 *   <li>D is set in the shared table by whoever writes through such an entry; protected, D never changes there.
 *   <li>A new writable entry set for one (a first touch, a swap-in) can be written by all; that all can read it, neither catches.
 *   <li>GUP-fast for writing takes such an entry too: its look at the PMD entry's R/W tells nothing.
 *   <li>A device that walks the tables (SVA) writes through it as a CPU does.
 *   <li>A parent's CPU that keeps a writable leaf translation after fork: only the flush of the leaves guards against it, and that one is owed
 *       in both modes. A stale PDE with R/W is no danger under marked, as its R/W says nothing.
 *   <li>Tables with shared-writable entries can not be shared at all; protected could share them and does not.
 *   <li>A walker of the tables (ptdump, a debugger) can no longer see that a table is shared.
 * </ul>
 *
 * @param inPlace {@code rmap=inplace}
 * @param marked {@code pmd=marked}
 */
public record RelaxedOptions(boolean inPlace, boolean marked) {
    static final String RMAP = "rmap";
    static final String PMD = "pmd";
    /** {@code rmap=break,pmd=protected}. */
    public static final RelaxedOptions DEFAULTS = new RelaxedOptions(false, false);

    static Map<String, List<String>> values() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        values.put(RMAP, List.of("break", "inplace"));
        values.put(PMD, List.of("protected", "marked"));
        return values;
    }

    static RelaxedOptions of(Map<String, String> options) {
        return new RelaxedOptions("inplace".equals(options.get(RMAP)), "marked".equals(options.get(PMD)));
    }

    /** The design's name with the options that are not the default. */
    String designName() {
        if (inPlace) {
            return marked ? "relaxed:pmd=marked,rmap=inplace" : "relaxed:rmap=inplace";
        }
        return marked ? "relaxed:pmd=marked" : "relaxed";
    }
}
