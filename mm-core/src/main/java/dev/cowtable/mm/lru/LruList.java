package dev.cowtable.mm.lru;

/** The lists, in the order of enum lru_list. */
public enum LruList {
    INACTIVE_ANON,
    ACTIVE_ANON,
    INACTIVE_FILE,
    ACTIVE_FILE,
    /** Not a list, but a count: mlocked pages. */
    UNEVICTABLE;

    /** The active list of the same kind of pages. */
    public LruList active() {
        return this == INACTIVE_ANON ? ACTIVE_ANON : this == INACTIVE_FILE ? ACTIVE_FILE : this;
    }
}
