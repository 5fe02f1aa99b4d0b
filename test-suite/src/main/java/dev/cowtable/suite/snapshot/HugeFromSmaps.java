package dev.cowtable.suite.snapshot;

/**
 * Approximates PMD mappings where PAGEMAP_SCAN is missing: full, aligned, uniform blocks, as many as smaps counts.
 *
 * <p>Differs: which of several candidate blocks are mapped by a PMD entry is a guess, from the lowest address.
 */
final class HugeFromSmaps {
    private static final int BLOCK_PAGES = 512;
    private static final int PAGE_KB = 4;

    private long nrAnonLeft;
    private long nrFileLeft;
    private final PageRuns.Builder result = new PageRuns.Builder();

    private HugeFromSmaps(SmapsVma vma) {
        nrAnonLeft = vma.kb("AnonHugePages") / PAGE_KB;
        nrFileLeft = (vma.kb("ShmemPmdMapped") + vma.kb("FilePmdMapped")) / PAGE_KB;
    }

    static PageRuns.Builder apply(PageRuns.Builder runs, SmapsVma vma) {
        HugeFromSmaps huge = new HugeFromSmaps(vma);
        if (huge.nrAnonLeft + huge.nrFileLeft == 0) {
            return runs;
        }
        long vpn = vma.startVaddr() >>> SnapshotVma.PAGE_SHIFT;
        for (int i = 0; i < runs.nrRuns(); i++) {
            huge.run(PageState.ofRaw(runs.rawState(i)), vpn, runs.runLength(i));
            vpn += runs.runLength(i);
        }
        return huge.result;
    }

    private void run(PageState state, long vpn, long nrPages) {
        long toBoundary = Math.min(nrPages, -vpn & (BLOCK_PAGES - 1));
        long nrHuge = Math.min((nrPages - toBoundary) & -BLOCK_PAGES, left(state) & -BLOCK_PAGES);
        if (state == PageState.FILE) {
            nrFileLeft -= nrHuge;
        } else {
            nrAnonLeft -= nrHuge;
        }
        result.add(state, toBoundary).add(hugeOf(state), nrHuge).add(state, nrPages - toBoundary - nrHuge);
    }

    private long left(PageState state) {
        return switch (state) {
            case ANON_SOLE, ANON_SHARED -> nrAnonLeft;
            case FILE -> nrFileLeft;
            default -> 0;
        };
    }

    private static PageState hugeOf(PageState state) {
        return switch (state) {
            case ANON_SOLE -> PageState.HUGE_ANON_SOLE;
            case ANON_SHARED -> PageState.HUGE_ANON_SHARED;
            case FILE -> PageState.HUGE_FILE;
            default -> state;
        };
    }
}
