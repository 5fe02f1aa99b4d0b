package dev.cowtable.mmu.tlb;

import dev.cowtable.mmu.addr.Paging;

/**
 * The PDE, PDPTE and PML4E caches of one CPU: where a walk may start instead of at the root.
 *
 * <p>An entry holds the next table's address and the rights of the path so far, filled by walks from entries with A
 * set. It stays until invalidated, so a walk may go on through a table that memory no longer points to.
 */
public final class PagingStructureCache {
    private static final int LOWEST = 2;

    /** Indexed by the level of the cached entry; below {@link #LOWEST} unused. Empty: nothing is cached. */
    private final EntryStore[] stores;

    public PagingStructureCache(TlbPolicy policy) {
        this.stores = policy == TlbPolicy.NONE ? new EntryStore[0] : new EntryStore[Paging.TOP_LEVEL + 1];
        for (int level = 0; level < stores.length; level++) {
            stores[level] = policy == TlbPolicy.ADVERSARIAL ? new HashStore() : realistic(level);
        }
    }

    private static EntryStore realistic(int level) {
        return switch (level) {
            case 2 -> new SetAssociativeStore(8, 4);
            case 3 -> new SetAssociativeStore(4, 4);
            default -> new SetAssociativeStore(1, 4);
        };
    }

    public boolean isEnabled() {
        return stores.length != 0;
    }

    /** The deepest cached step towards the address, or 0. */
    public long find(long vaddr) {
        for (int level = LOWEST; level < stores.length; level++) {
            long translation = stores[level].find(EntryStore.key(vaddr, level));
            if (translation != 0) {
                return translation;
            }
        }
        return 0;
    }

    public void fill(long vaddr, long translation) {
        if (stores.length != 0) {
            int level = Translation.level(translation);
            stores[level].put(EntryStore.key(vaddr, level), translation);
        }
    }

    /** Drops the entries that a walk to the address may use. */
    public void invalidate(long vaddr) {
        for (int level = LOWEST; level < stores.length; level++) {
            stores[level].remove(EntryStore.key(vaddr, level));
        }
    }

    public void invalidateAll() {
        for (EntryStore store : stores) {
            store.clear();
        }
    }

    public void forEach(Tlb.EntryConsumer consumer) {
        for (int level = LOWEST; level < stores.length; level++) {
            Tlb.forEach(stores[level], level, consumer);
        }
    }
}
