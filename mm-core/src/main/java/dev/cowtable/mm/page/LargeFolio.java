package dev.cowtable.mm.page;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What a large folio counts as a whole: pins, mappings of its pages, and whether they may be of more than one address space.
 *
 * <p>Two address spaces are remembered with the number of their mappings. As long as one of them has all there are, the folio is mapped
 * by that one only; a third one is not remembered, and the folio counts as shared until one of the remembered has all again.
 *
 * <p>Mirrors: _pincount, _large_mapcount, _mm_id_mapcount and _mm_ids of struct folio (include/linux/mm_types.h, rmap.h) with
 * CONFIG_MM_ID.
 * <p>Locks: the folio's own, {@link LockClass#LARGE_MAPCOUNT}, for all changes of mappings; the sums are read without it to bail out early.
 * <p>Differs: mappings can be added for {@link #NOBODY}; the folio counts as shared then.
 */
public final class LargeFolio {
    /** In place of an address space: whose mappings these are is not known. */
    public static final long NOBODY = -1;

    private static final VarHandle PINS;

    static {
        try {
            PINS = MethodHandles.lookup().findVarHandle(LargeFolio.class, "pins", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long headPfn;
    private final int order;
    private final SpinLock lock;
    @SuppressWarnings("FieldMayBeFinal")
    private int pins;
    // the folio's lock must be held when writing these:
    private volatile int mapcount;
    private volatile boolean shared;
    private final long[] mmIds = {NOBODY, NOBODY};
    private final int[] mmMapcounts = new int[2];

    LargeFolio(long headPfn, int order, Lockdep lockdep) {
        this.headPfn = headPfn;
        this.order = order;
        this.lock = new SpinLock(lockdep, LockClass.LARGE_MAPCOUNT);
    }

    public long headPfn() {
        return headPfn;
    }

    public int order() {
        return order;
    }

    /** Mappings of all its pages: folio_large_mapcount(). */
    public int mapcount() {
        return mapcount;
    }

    /** False only if all mappings are of one address space: folio_maybe_mapped_shared(). */
    public boolean isMaybeMappedShared() {
        return shared;
    }

    /** Pins on all its pages: _pincount. */
    public int pins() {
        return (int) PINS.getVolatile(this);
    }

    /** Adds pins, or takes them away: the references that go with them are the caller's business. */
    public void addPins(Cpu cpu, int n) {
        cpu.step(Step.COUNT, headPfn);
        int after = (int) PINS.getAndAdd(this, n) + n;
        if (after < 0) {
            throw new IllegalStateException("pins of the folio in frame " + headPfn + " fell to " + after);
        }
    }

    /** So many pages are mapped once more by an address space: folio_add_large_mapcount(). */
    public void addMappings(Cpu cpu, long mmId, int n) {
        lock.lock(cpu);
        int sum = mapcount + n;
        mapcount = sum;
        int slot = mmId == NOBODY ? -1 : slotOf(mmId);
        if (slot < 0) {
            shared = true;
        } else {
            mmIds[slot] = mmId;
            mmMapcounts[slot] += n;
            shared |= mmMapcounts[slot] == n && sum != n;
        }
        lock.unlock(cpu);
    }

    /** The place where an address space is remembered or can be; -1 if two others are. */
    private int slotOf(long mmId) {
        for (int slot = 0; slot < mmIds.length; slot++) {
            if (mmIds[slot] == mmId) {
                return slot;
            }
        }
        return mmIds[0] == NOBODY ? 0 : mmIds[1] == NOBODY ? 1 : -1;
    }

    /** An address space maps so many pages less: folio_sub_large_mapcount(). */
    public void removeMappings(Cpu cpu, long mmId, int n) {
        lock.lock(cpu);
        int sum = mapcount - n;
        mapcount = sum;
        for (int slot = 0; slot < mmIds.length; slot++) {
            if (mmIds[slot] == mmId && mmId != NOBODY) {
                forget(slot, n);
            }
        }
        if (mmMapcounts[0] == sum || mmMapcounts[1] == sum) {
            shared = false;
        }
        lock.unlock(cpu);
        if (sum < 0) {
            throw new IllegalStateException("large mapcount of the folio in frame " + headPfn + " fell to " + sum);
        }
    }

    private void forget(int slot, int n) {
        mmMapcounts[slot] = Math.max(0, mmMapcounts[slot] - n);
        if (mmMapcounts[slot] == 0) {
            mmIds[slot] = NOBODY;
        }
    }

    /**
     * True if every reference on the folio is a mapping of one of its pages by one and the same address space.
     *
     * <p>Mirrors: the decision of __wp_can_reuse_large_anon_folio() (mm/memory.c). A folio of which a single page is left mapped is given
     * up: the page is copied, so that the folio can be freed.
     */
    public boolean isMappedByOneAlone(Cpu cpu, MemMap memMap) {
        if (mapcount <= 1 || shared || mapcount != memMap.pageRefCount(cpu, headPfn)) {
            return false;
        }
        lock.lock(cpu);
        boolean alone = !shared && mapcount == memMap.pageRefCount(cpu, headPfn);
        lock.unlock(cpu);
        return alone;
    }
}
