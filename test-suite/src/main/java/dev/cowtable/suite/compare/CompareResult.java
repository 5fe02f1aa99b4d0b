package dev.cowtable.suite.compare;

import dev.cowtable.suite.snapshot.Snapshot;
import java.util.List;
import java.util.Map;

/**
 * A whole comparison.
 *
 * @param emulated      sizes of the rebuilt process before the first fork
 * @param leftOut       what the rebuilt process lacks, in the order to print
 * @param folios        the large folios that anonymous memory was put into
 * @param rebuildNanos  host time of the last rebuilding
 * @param writeFraction NaN if the workload takes none
 * @param designs       in the order asked for; the first one is the yardstick
 */
public record CompareResult(Snapshot snapshot, RebuiltProcess.Sizes emulated, Map<LeftOut, Long> leftOut,
        Folios folios, long rebuildNanos,
        String workload, double writeFraction, long seed, List<DesignResult> designs) {

    public CompareResult {
        designs = List.copyOf(designs);
    }

    /**
     * Large folios of one size.
     *
     * @param kib   size of one; 4 if all folios are small
     * @param pages pages in them
     */
    public record Folios(int kib, long pages) {
        static Folios of(int order, RebuiltProcess process) {
            return new Folios(4 << order, process.pagesInFolios());
        }

        boolean areLarge() {
            return kib > 4;
        }
    }

    public RebuiltProcess.Sizes recorded() {
        return RebuiltProcess.Sizes.of(snapshot.status());
    }

    /** Why the emulated VmPTE differs from the recorded one, as far as the record shows; empty if it does not. */
    public List<String> vmPteCauses() {
        return VmPteCauses.of(snapshot, emulated.vmPteKb() - recorded().vmPteKb(), leftOut);
    }

    public boolean passed() {
        return designs.stream().allMatch(DesignResult::passed);
    }
}
