package dev.cowtable.mm.page;

/**
 * A number of references on one page's folio as one word: {@code | pfn | count - 1 (10 bits) |}.
 *
 * <p>Mirrors: the encoded pages of struct mmu_gather_batch with their ENCODED_PAGE_BIT_NR_PAGES_NEXT.
 */
public final class PageRefs {
    private static final int COUNT_BITS = 10;
    private static final int COUNT_MASK = (1 << COUNT_BITS) - 1;

    private PageRefs() {
    }

    public static long make(long pfn, int count) {
        return pfn << COUNT_BITS | count - 1;
    }

    public static long pfn(long refs) {
        return refs >>> COUNT_BITS;
    }

    public static int count(long refs) {
        return ((int) refs & COUNT_MASK) + 1;
    }
}
