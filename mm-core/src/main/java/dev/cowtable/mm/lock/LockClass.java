package dev.cowtable.mm.lock;

/**
 * The classes of locks, outermost first; a CPU takes them in this order only.
 *
 * <p>Mirrors: the "Lock ordering in mm" header of mm/rmap.c.
 */
public enum LockClass {
    MMAP_LOCK(true),
    VMA_LOCK(true),
    /** i_mmap_rwsem of an address_space. */
    I_MMAP(true),
    ANON_VMA(true),
    PAGE_TABLE_LOCK(false),
    PMD_LOCK(false),
    PTL(false),
    /** folio_lock_large_mapcount(). */
    LARGE_MAPCOUNT(false),
    SWAP_LOCK(false),
    /** i_pages of an address_space, the swap cache included. */
    I_PAGES(false),
    LRU_LOCK(false),
    ZONE_LOCK(false),
    MMLIST_LOCK(false);

    private final boolean sleeping;

    LockClass(boolean sleeping) {
        this.sleeping = sleeping;
    }

    /** True for a lock whose holder may sleep; such a lock is never taken under a spin lock. */
    public boolean isSleeping() {
        return sleeping;
    }
}
