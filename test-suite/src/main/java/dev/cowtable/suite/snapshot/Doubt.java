package dev.cowtable.suite.snapshot;

/** Decides by a VMA's smaps figures what pages are that look like shared anonymous ones but may be the zero page. */
final class Doubt {
    static final byte SMALL = '?';
    static final byte HUGE = '!';

    private static final int PAGE_KB = 4;

    private Doubt() {
    }

    static PageRuns.Builder resolve(PageRuns.Builder runs, SmapsVma vma) {
        long nrHuge = runs.count(HUGE);
        long nrSureHuge = count(runs, PageState.HUGE_ANON_SOLE) + count(runs, PageState.HUGE_ANON_SHARED);
        PageRuns.Builder result = runs;
        if (nrHuge > 0) {
            boolean anon = nrSureHuge + nrHuge <= vma.kb("AnonHugePages") / PAGE_KB;
            result = runs.replace(HUGE, anon ? PageState.HUGE_ANON_SHARED : PageState.HUGE_ZERO);
        }
        return resolveSmall(result, vma);
    }

    private static PageRuns.Builder resolveSmall(PageRuns.Builder runs, SmapsVma vma) {
        long nrDoubtful = runs.count(SMALL);
        if (nrDoubtful == 0) {
            return runs;
        }
        long nrSure = 0;
        for (PageState state : PageState.values()) {
            nrSure += state.isAnon() ? count(runs, state) : 0;
        }
        long nrAnon = vma.kb("Anonymous") / PAGE_KB;
        if (nrSure + nrDoubtful <= nrAnon) {
            return runs.replace(SMALL, PageState.ANON_SHARED);
        }
        return runs.replace(SMALL, nrSure >= nrAnon ? PageState.ZERO : PageState.FILE);
    }

    private static long count(PageRuns.Builder runs, PageState state) {
        return runs.count(state.raw());
    }
}
