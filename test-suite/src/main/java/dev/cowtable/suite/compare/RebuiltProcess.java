package dev.cowtable.suite.compare;

import dev.cowtable.mm.vma.MmStruct;
import dev.cowtable.mm.vma.Rss;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotStatus;
import java.util.EnumMap;
import java.util.Map;

/**
 * A recorded process as it stands in the emulator.
 *
 * @param leftOut   how much of each kind is missing or differs; no zeros
 * @param pagesInFolios anonymous pages in large folios
 * @param hostNanos time that the rebuilding took
 */
public record RebuiltProcess(Snapshot snapshot, MmStruct mm, TouchablePages pages, Map<LeftOut, Long> leftOut,
        long pagesInFolios, long hostNanos) {

    public RebuiltProcess {
        leftOut = Map.copyOf(leftOut);
    }

    /** The left-out parts in the order in which they are printed. */
    public Map<LeftOut, Long> orderedLeftOut() {
        return leftOut.isEmpty() ? Map.of() : new EnumMap<>(leftOut);
    }

    /**
     * The emulated figures that the record can be compared with, now: before any fork they are those of the rebuilding.
     */
    public Sizes sizes() {
        return new Sizes(mm.pgtablesBytes() >> 10, kib(Rss.ANONPAGES), kib(Rss.FILEPAGES), kib(Rss.SHMEMPAGES),
                kib(Rss.SWAPENTS));
    }

    private long kib(Rss kind) {
        return mm.rss(kind) << 2;
    }

    /** What /proc/PID/status shows, in kB. */
    public record Sizes(long vmPteKb, long rssAnonKb, long rssFileKb, long rssShmemKb, long vmSwapKb) {
        /** The recorded figures. */
        static Sizes of(SnapshotStatus status) {
            return new Sizes(status.vmPteKb(), status.rssAnonKb(), status.rssFileKb(), status.rssShmemKb(),
                    status.vmSwapKb());
        }
    }
}
