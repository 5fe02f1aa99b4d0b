package dev.cowtable.suite.compare;

import dev.cowtable.suite.snapshot.PageState;
import dev.cowtable.suite.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Names the causes that may explain a difference of VmPTE. */
final class VmPteCauses {
    private VmPteCauses() {
    }

    /**
     * The causes that apply.
     *
     * @param differenceKb emulated less recorded
     */
    static List<String> of(Snapshot snapshot, long differenceKb, Map<LeftOut, Long> leftOut) {
        List<String> causes = new ArrayList<>();
        if (differenceKb == 0) {
            return causes;
        }
        if (!snapshot.steady()) {
            causes.add("the process changed its VMAs while it was recorded");
        }
        if (differenceKb < 0) {
            causes.add("tables without an entry (left by MADV_DONTNEED, reclaim of file pages or a failed fault)"
                    + " are counted in VmPTE and cannot be seen in pagemap");
            missingTables(causes, leftOut);
        } else {
            surplusTables(causes, snapshot);
            causes.add("pages were mapped or moved between the reading of pagemap and of VmPTE");
        }
        return causes;
    }

    private static void missingTables(List<String> causes, Map<LeftOut, Long> leftOut) {
        if (leftOut.containsKey(LeftOut.HUGE_ZERO_PAGES)) {
            causes.add("each 2 MiB mapping of the zero page has a table in deposit, which is left out here");
        }
        if (leftOut.containsKey(LeftOut.HUGE_PARTS)) {
            causes.add("2 MiB mappings that the record does not show whole have a table, in deposit or in use,"
                    + " which is left out here");
        }
        if (leftOut.containsKey(LeftOut.HUGETLB_PAGES) || leftOut.containsKey(LeftOut.HUGE_FILE_PAGES)) {
            causes.add("hugetlb and file mappings of 2 MiB are left out here, and with them tables of the levels"
                    + " above");
        }
    }

    private static void surplusTables(List<String> causes, Snapshot snapshot) {
        if (snapshot.nrPages(PageState.SWAPPED) != 0 || snapshot.nrPages(PageState.GUARD) != 0) {
            causes.add("pagemap may show a marker in a 2 MiB range that has no table of its own");
        }
        if (snapshot.nrPages(PageState.HUGE_ANON_SOLE) + snapshot.nrPages(PageState.HUGE_ANON_SHARED) != 0) {
            causes.add("2 MiB mappings are told by " + snapshot.hugePagesBy().word()
                    + "; one that is not seen counts its pages one by one");
        }
    }
}
