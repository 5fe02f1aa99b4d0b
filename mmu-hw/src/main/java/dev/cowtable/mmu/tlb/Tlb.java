package dev.cowtable.mmu.tlb;

import static dev.cowtable.mmu.tlb.EntryStore.ANY_PCID;

import dev.cowtable.mmu.event.MmuListener;
import org.jspecify.annotations.Nullable;

/**
 * The translation lookaside buffer of one CPU: a store per page size, and the front cache before them.
 *
 * <p>Flush: an entry stays, whatever memory says, until it is invalidated or, under {@link TlbPolicy#REALISTIC}, evicted.
 */
public final class Tlb {
    private static final int LEVELS = 3;

    private final FrontCache front = new FrontCache();
    /** Indexed by level, 1 to 3; 0 is unused. Empty: nothing is cached. */
    private final EntryStore[] stores;
    private final int cpu;
    private final @Nullable MmuListener listener;
    private int pcid;
    /** No store of a greater level holds anything. */
    private int greatestLevel;

    public Tlb(TlbPolicy policy, TlbGeometry geometry, int cpu, @Nullable MmuListener listener) {
        this.stores = policy == TlbPolicy.NONE ? new EntryStore[0] : new EntryStore[LEVELS + 1];
        this.cpu = cpu;
        this.listener = listener;
        for (int level = 1; level < stores.length; level++) {
            stores[level] = policy == TlbPolicy.ADVERSARIAL ? new HashStore()
                    : new SetAssociativeStore(geometry.translations(level));
        }
    }

    /** The fast path, to be asked first. */
    public FrontCache front() {
        return front;
    }

    /** Look-ups and fills that follow are under this PCID. */
    public void setPcid(int current) {
        pcid = current;
        front.setPcid(current);
    }

    /** The translation that covers the address, or 0; a smaller page wins. */
    public long find(long vaddr) {
        long small = greatestLevel == 0 ? 0 : stores[1].find(EntryStore.key(vaddr, 1, pcid));
        return small != 0 || greatestLevel <= 1 ? small : findLarge(vaddr);
    }

    private long findLarge(long vaddr) {
        for (int level = 2; level <= greatestLevel; level++) {
            long translation = stores[level].find(EntryStore.key(vaddr, level, pcid));
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

    /**
     * Takes in a translation of an address for which {@link #find} has found none.
     *
     * <p>Why: with the level a constant the compiler need not compute shift counts, nor again the key that
     * {@link #find} had.
     */
    public void fill(long vaddr, long translation) {
        if (stores.length == 0) {
            return;
        }
        int level = Translation.level(translation);
        if (level == 1) {
            fill(vaddr, translation, 1);
        } else {
            fill(vaddr, translation, level);
        }
    }

    private void fill(long vaddr, long translation, int level) {
        filled(vaddr, translation, level, stores[level].add(EntryStore.key(vaddr, level, pcid), translation));
    }

    /** Takes in a translation in place of one that {@link #find} has found, if the page size is the same, else beside it. */
    public void refill(long vaddr, long translation) {
        int level = Translation.level(translation);
        long evicted = stores[level].put(EntryStore.key(vaddr, level, pcid), translation);
        front.drop(vaddr, level);
        filled(vaddr, translation, level, evicted);
    }

    private void filled(long vaddr, long translation, int level, long evicted) {
        greatestLevel = Math.max(greatestLevel, level);
        if (evicted != 0) {
            front.drop(EntryStore.vaddr(evicted, level), level);
        }
        if (listener != null) {
            tell(vaddr, translation, evicted);
        }
    }

    private void tell(long vaddr, long translation, long evicted) {
        MmuListener told = listener;
        if (told != null) {
            int level = Translation.level(translation);
            if (evicted != 0) {
                told.tlbEvicted(cpu, EntryStore.pcid(evicted), EntryStore.vaddr(evicted, level), level);
            }
            told.tlbFilled(cpu, pcid, vaddr, translation);
        }
    }

    /** Drops what the current PCID can use for the address: a page of any size, global or not. */
    public void invalidate(long vaddr) {
        invalidate(vaddr, pcid, true);
    }

    /** Drops the page of any size that covers the address under the PCID, and the global one only if told so. */
    public void invalidate(long vaddr, int ofPcid, boolean globals) {
        for (int level = 1; level < stores.length; level++) {
            if (stores[level].remove(EntryStore.key(vaddr, level, ofPcid), false, globals)) {
                front.drop(vaddr, level);
            }
        }
    }

    /** Drops the page of any size that covers the address under every PCID, and the global one only if told so. */
    public void invalidateInEveryPcid(long vaddr, boolean globals) {
        for (int level = 1; level < stores.length; level++) {
            if (stores[level].remove(EntryStore.key(vaddr, level, 0), true, globals)) {
                front.drop(vaddr, level);
            }
        }
    }

    /** Drops everything that was filled under the PCID, and global translations, whoever filled them, only if told so. */
    public void invalidatePcid(int ofPcid, boolean globals) {
        clear(ofPcid, globals);
    }

    /** Drops everything under every PCID, and global translations only if told so. */
    public void invalidateAll(boolean globals) {
        clear(ANY_PCID, globals);
    }

    private void clear(int ofPcid, boolean globals) {
        front.clear();
        for (int level = 1; level < stores.length; level++) {
            stores[level].clear(ofPcid, globals);
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
                consumer.accept(EntryStore.pcid(key), EntryStore.vaddr(key, level), store.translationAt(slot));
            }
        }
    }

    /** Takes a cached {@link Translation}, its PCID and the lowest linear address that it covers. */
    @FunctionalInterface
    public interface EntryConsumer {
        void accept(int pcid, long vaddr, long translation);
    }
}
