package dev.cowtable.suite.compare;

import java.util.SplittableRandom;

/** Pages drawn by a Zipf distribution over ranks that a seed has scattered over all of them: hot pages lie anywhere. */
final class HotPages {
    private final int[] byRank;
    private final Zipf zipf;

    HotPages(int[] pages, SplittableRandom random) {
        byRank = pages.clone();
        for (int i = byRank.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = byRank[i];
            byRank[i] = byRank[j];
            byRank[j] = swapped;
        }
        zipf = new Zipf(Math.max(1, byRank.length));
    }

    int draw(SplittableRandom random) {
        return byRank[zipf.rank(random) - 1];
    }
}
