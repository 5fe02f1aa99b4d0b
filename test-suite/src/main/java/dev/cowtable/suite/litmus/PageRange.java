package dev.cowtable.suite.litmus;

/**
 * The half-open page range {@code A first end}; a bare {@code A} is the range of all its pages.
 *
 * @param first first page
 * @param end first page after the range, greater than {@code first}
 */
public record PageRange(Area area, long first, long end) {
    /** Address of the first page. */
    public long vaddr() {
        return area.pageVaddr(first);
    }

    /** First address after the range. */
    public long endVaddr() {
        return area.pageVaddr(end);
    }

    /** Number of pages. */
    public long pages() {
        return end - first;
    }

    /** Length in bytes. */
    public long bytes() {
        return pages() << AreaLayout.PAGE_SHIFT;
    }
}
