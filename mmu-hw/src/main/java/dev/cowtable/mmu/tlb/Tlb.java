package dev.cowtable.mmu.tlb;

/**
 * The translation lookaside buffer of one CPU: a store per page size, and the front cache before them.
 *
 * <p>Flush: an entry stays, whatever memory says, until it is invalidated or, under
 * {@link TlbPolicy#REALISTIC}, evicted.
 */
public final class Tlb {
    private final FrontCache front = new FrontCache();
    /** Indexed by level, 1 to 3; 0 is unused. Empty: nothing is cached. */
    private final EntryStore[] stores;

    public Tlb(TlbPolicy policy) {
        this.stores = switch (policy) {
            case REALISTIC -> new EntryStore[] {new SetAssociativeStore(1, 1), new SetAssociativeStore(128, 12),
                    new SetAssociativeStore(8, 4), new SetAssociativeStore(2, 4)};
            case ADVERSARIAL -> new EntryStore[] {new HashStore(), new HashStore(), new HashStore(), new HashStore()};
            case NONE -> new EntryStore[0];
        };
    }

    /** The physical address if the fast path knows that the access is allowed, else negative. */
    public long findFast(long vaddr, int access) {
        return front.find(vaddr, access);
    }

    /** The translation that covers the address, or 0; a smaller page wins. */
    public long find(long vaddr) {
        for (int level = 1; level < stores.length; level++) {
            long translation = stores[level].find(EntryStore.key(vaddr, level));
            if (translation != 0) {
                return translation;
            }
        }
        return 0;
    }

    /** Remembers that these kinds of access to the page need no look-up; the translation must be in the TLB. */
    public void putFast(long vaddr, long translation, int allowedAccesses) {
        if (stores.length != 0) {
            front.put(vaddr, translation, allowedAccesses);
        }
    }

    public void fill(long vaddr, long translation) {
        if (stores.length == 0) {
            return;
        }
        int level = Translation.level(translation);
        long evicted = stores[level].put(EntryStore.key(vaddr, level), translation);
        front.drop(vaddr, level);
        if (evicted != 0) {
            front.drop(EntryStore.vaddr(evicted, level), level);
        }
    }

    /** Drops whatever page of any size covers the address. */
    public void invalidate(long vaddr) {
        for (int level = 1; level < stores.length; level++) {
            if (stores[level].remove(EntryStore.key(vaddr, level))) {
                front.drop(vaddr, level);
            }
        }
    }

    public void invalidateAll() {
        front.clear();
        for (EntryStore store : stores) {
            store.clear();
        }
    }

    public void invalidateNonGlobal() {
        front.clear();
        for (EntryStore store : stores) {
            store.clearExcept(Translation.GLOBAL);
        }
    }

    /** Drops what was computed from the mode of the CPU, not the translations. */
    public void modeChanged() {
        front.clear();
    }

    public void forEach(EntryConsumer consumer) {
        for (int level = 1; level < stores.length; level++) {
            forEach(stores[level], level, consumer);
        }
    }

    static void forEach(EntryStore store, int level, EntryConsumer consumer) {
        for (int slot = 0; slot < store.slots(); slot++) {
            long key = store.keyAt(slot);
            if (key != 0) {
                consumer.accept(EntryStore.vaddr(key, level), store.translationAt(slot));
            }
        }
    }

    /** Takes a cached {@link Translation} and the lowest linear address that it covers. */
    @FunctionalInterface
    public interface EntryConsumer {
        void accept(long vaddr, long translation);
    }
}
