package dev.cowtable.suite.litmus;

/** Page {@code A+page} of an area. */
public record PageRef(Area area, long page) {
    /** Address of the page's first byte. */
    public long vaddr() {
        return area.pageVaddr(page);
    }

    @Override
    public String toString() {
        return area.name() + "+" + page;
    }
}
