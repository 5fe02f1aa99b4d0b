package dev.cowtable.suite.compare;

import dev.cowtable.suite.snapshot.KnownBy;
import dev.cowtable.suite.snapshot.PageRuns;
import dev.cowtable.suite.snapshot.PageState;
import dev.cowtable.suite.snapshot.Snapshot;
import dev.cowtable.suite.snapshot.SnapshotReader;
import dev.cowtable.suite.snapshot.SnapshotStatus;
import dev.cowtable.suite.snapshot.SnapshotVma;
import dev.cowtable.suite.snapshot.VmaKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** Snapshots for tests. */
final class Samples {
    static final String SHELL = "bash.cowsnap";
    private static final long MIB = 1L << 20;
    private static final String ANON_FLAGS = "rd,wr,mr,mw,me,ac";

    private Samples() {
    }

    /** A recorded shell of 69 anonymous pages. */
    static Snapshot shell() throws IOException {
        try (InputStream in = SnapshotReader.class.getResourceAsStream(SHELL)) {
            if (in == null) {
                throw new IOException("resource " + SHELL + " is missing");
            }
            return SnapshotReader.read(in, SHELL);
        }
    }

    /** A made-up process with a page of every state. */
    static Snapshot everyState() {
        SnapshotStatus status = new SnapshotStatus(64, 0, 0, 0, 0, 0, 0, true);
        List<SnapshotVma> vmas = List.of(
                vma(8 * MIB, VmaKind.ANON, "rw-p", ANON_FLAGS, runs(PageState.ANON_SOLE, 3, PageState.ANON_SHARED, 2,
                        PageState.SWAPPED, 4, PageState.ZERO, 5, PageState.GUARD, 6)),
                vma(8 * MIB + 20 * 4096, VmaKind.ANON, "rw-p", ANON_FLAGS, runs(PageState.ANON_SOLE, 1)),
                vma(10 * MIB, VmaKind.ANON, "rw-p", ANON_FLAGS + ",hg", runs(PageState.HUGE_ANON_SOLE, 512,
                        PageState.HUGE_ANON_SHARED, 512, PageState.HUGE_ZERO, 512, PageState.HUGE_ANON_SOLE, 7)),
                vma(20 * MIB, VmaKind.FILE, "r-xp", "rd,ex,mr,mw,me",
                        runs(PageState.FILE, 9, PageState.HUGE_FILE, 512)),
                vma(24 * MIB, VmaKind.FILE, "r--p", "rd,mr,mw,me,ac", runs(PageState.ANON_SOLE, 2, PageState.ZERO, 1)),
                vma(26 * MIB, VmaKind.SHMEM, "rw-s", "rd,wr,sh,mr,mw,me,ms", runs(PageState.FILE, 10)),
                vma(28 * MIB, VmaKind.SHMEM, "rw-s", "rd,wr,sh,mr,mw,me,ms", runs(PageState.SWAPPED, 3)),
                vma(30 * MIB, VmaKind.ANON, "rw-p", ANON_FLAGS + ",dc", runs(PageState.ANON_SOLE, 4)),
                vma(32 * MIB, VmaKind.ANON, "rw-p", ANON_FLAGS + ",wf", runs(PageState.ANON_SOLE, 4)),
                vma(34 * MIB, VmaKind.ANON, "---p", "mr,mw,me,ac", runs(PageState.ANON_SOLE, 2)),
                vma(36 * MIB, VmaKind.ANON, "rw-p", ANON_FLAGS + ",ht", runs(PageState.HUGE_ANON_SOLE, 512)),
                vma(40 * MIB, VmaKind.SPECIAL, "r--p", "rd,mr,pf,io,de,dd", runs(PageState.FILE, 2)),
                vma(0xffffffffff600000L, VmaKind.SPECIAL, "--xp", "ex", runs(PageState.NONE, 1)));
        return new Snapshot("sample", "6.18", KnownBy.PAGEMAP_SCAN, KnownBy.PAGEMAP_SCAN, true, status, vmas);
    }

    static SnapshotVma withoutFlags(String perms) {
        return new SnapshotVma(MIB, MIB + 4096, perms, 0, VmaKind.FILE, false, "", "", runs(PageState.NONE, 1));
    }

    private static SnapshotVma vma(long start, VmaKind kind, String perms, String flags, PageRuns runs) {
        boolean anonVma = kind == VmaKind.ANON || flags.endsWith("ac") || runs.nrPages(PageState.SWAPPED) > 0;
        return new SnapshotVma(start, start + (runs.totalPages() << 12), perms, 0, kind, anonVma, flags, "", runs);
    }

    private static PageRuns runs(Object... stateAndCount) {
        PageRuns.Builder runs = new PageRuns.Builder();
        for (int i = 0; i < stateAndCount.length; i += 2) {
            runs.add((PageState) stateAndCount[i], (int) stateAndCount[i + 1]);
        }
        return runs.build();
    }
}
