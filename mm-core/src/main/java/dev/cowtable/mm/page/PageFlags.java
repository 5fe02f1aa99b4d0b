package dev.cowtable.mm.page;

/** Bits of {@code page->flags} that the model uses, and the kind of opaque content a recorded page stands for. */
public final class PageFlags {
    /** Mapped through an anon_vma (the low bits of folio->mapping in the kernel). */
    public static final int ANON = 1;
    /** PG_anon_exclusive. */
    public static final int ANON_EXCLUSIVE = 1 << 1;
    public static final int SWAPBACKED = 1 << 2;
    /** PG_locked: the folio lock. */
    public static final int LOCKED = 1 << 3;
    public static final int DIRTY = 1 << 4;
    /** A page of page tables; its mapping slot holds the PtDesc. */
    public static final int TABLE = 1 << 5;
    /** PG_reserved: never counted, never freed (the zero page). */
    public static final int RESERVED = 1 << 6;
    /** First page of a free block of the buddy allocator. */
    public static final int BUDDY = 1 << 7;
    /** A page-cache page. */
    public static final int FILE = 1 << 8;
    /** A page-cache page of shared memory, counted in RssShmem. */
    public static final int SHMEM = 1 << 9;
    /** Head of a folio of order 9. */
    public static final int HEAD = 1 << 10;
    /** In the swap cache: the page's swap word names its slot. */
    public static final int SWAPCACHE = 1 << 11;
    /** On an LRU list. */
    public static final int LRU = 1 << 12;
    public static final int ACTIVE = 1 << 13;
    public static final int REFERENCED = 1 << 14;
    public static final int UNEVICTABLE = 1 << 15;
    public static final int MLOCKED = 1 << 16;
    public static final int WRITEBACK = 1 << 17;
    public static final int HWPOISON = 1 << 18;
    /** Holds what its swap slot or file holds. */
    public static final int UPTODATE = 1 << 19;
    /** The order of the large folio that the page belongs to, in every page of it; 0 in all other pages. */
    public static final int ORDER = 0xf << 24;

    static final int ORDER_SHIFT = 24;

    private PageFlags() {
    }
}
