package dev.cowtable.suite.litmus;

/**
 * A global name for an address range; every process sees the same addresses under it.
 *
 * <p>Invariant: {@code vaddr} is page-aligned. A value is the area as it stood at one operation: a later mmap or an
 * mremap in place may make the area of the same name longer, never move it.
 *
 * @param vaddr first address
 * @param pages length in 4 KiB pages
 */
public record Area(String name, long vaddr, long pages) {
    /** First address after the area. */
    public long endVaddr() {
        return pageVaddr(pages);
    }

    /** Address of page {@code page}; the page need not lie inside. */
    public long pageVaddr(long page) {
        return vaddr + (page << AreaLayout.PAGE_SHIFT);
    }

    /** Index of the page that holds {@code vaddr}, which must not lie below the area. */
    public long pageOf(long vaddr) {
        return (vaddr - this.vaddr) >> AreaLayout.PAGE_SHIFT;
    }

    /** Whether {@code vaddr} lies inside. */
    public boolean contains(long vaddr) {
        return vaddr >= this.vaddr && vaddr < endVaddr();
    }

    /** The range of all pages. */
    public PageRange whole() {
        return new PageRange(this, 0, pages);
    }
}
