package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.tlb.EntryStore.ANY_PCID;

import dev.cowtable.mmu.event.MmuListener;
import org.jspecify.annotations.Nullable;

/**
 * The PDE, PDPTE, PML4E and PML5E caches of one CPU: where a walk may start instead of at the root.
 *
 * <p>An entry holds the next table's address and the rights of the path so far, filled by walks from entries with A
 * set. It stays until invalidated, so a walk may go on through a table that memory no longer points to. None is global.
 */
public final class PagingStructureCache {
    private static final int LOWEST = 2;

    /** Indexed by the level of the cached entry; below {@link #LOWEST} unused. Empty: nothing is cached. */
    private final EntryStore[] stores;
    private final int cpu;
    private final @Nullable MmuListener listener;
    private int pcid;
    /** The PDE that the last walk began at, once more; 0: none. Dropped with every fill and invalidation. */
    private long lastPde;
    private long lastPdeKey;

    public PagingStructureCache(TlbPolicy policy, TlbGeometry geometry, int levels, int cpu,
            @Nullable MmuListener listener) {
        this.stores = policy == TlbPolicy.NONE ? new EntryStore[0] : new EntryStore[levels + 1];
        this.cpu = cpu;
        this.listener = listener;
        for (int level = 0; level < stores.length; level++) {
            stores[level] = policy == TlbPolicy.ADVERSARIAL ? new HashStore()
                    : new SetAssociativeStore(geometry.structures(level));
        }
    }

    /** Look-ups and fills that follow are under this PCID. */
    public void setPcid(int current) {
        pcid = current;
    }

    public boolean isEnabled() {
        return stores.length != 0;
    }

    /** The deepest cached step towards the address, or 0. */
    public long find(long vaddr) {
        if (lastPde != 0 && lastPdeKey == EntryStore.key(vaddr, LOWEST, pcid)) {
            return lastPde;
        }
        return search(vaddr);
    }

    private long search(long vaddr) {
        for (int level = LOWEST; level < stores.length; level++) {
            long translation = stores[level].find(EntryStore.key(vaddr, level, pcid));
            if (translation != 0) {
                remember(vaddr, level, translation);
                return translation;
            }
        }
        return 0;
    }

    private void remember(long vaddr, int level, long translation) {
        if (level == LOWEST) {
            lastPdeKey = EntryStore.key(vaddr, LOWEST, pcid);
            lastPde = translation;
        }
    }

    public void fill(long vaddr, long translation) {
        if (stores.length != 0) {
            int level = Translation.level(translation);
            lastPde = 0;
            stores[level].put(EntryStore.key(vaddr, level, pcid), translation);
            if (listener != null) {
                listener.structureFilled(cpu, pcid, vaddr, translation);
            }
        }
    }

    /** Drops the entries that a walk to the address may use under the current PCID. */
    public void invalidate(long vaddr) {
        lastPde = 0;
        for (int level = LOWEST; level < stores.length; level++) {
            stores[level].remove(EntryStore.key(vaddr, level, pcid), false, true);
        }
    }

    /** Drops everything that was filled under the PCID. */
    public void invalidatePcid(int ofPcid) {
        clear(ofPcid);
    }

    public void invalidateAll() {
        clear(ANY_PCID);
    }

    private void clear(int ofPcid) {
        lastPde = 0;
        for (int level = LOWEST; level < stores.length; level++) {
            stores[level].clear(ofPcid, true);
        }
    }

    public void forEach(Tlb.EntryConsumer consumer) {
        for (int level = LOWEST; level < stores.length; level++) {
            Tlb.forEach(stores[level], level, consumer);
        }
    }
}
