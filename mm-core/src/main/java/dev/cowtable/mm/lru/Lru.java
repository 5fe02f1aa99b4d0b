package dev.cowtable.mm.lru;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.vma.VmAreaStruct;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.function.LongConsumer;

/**
 * The LRU lists and the per-CPU batches before them.
 *
 * <p>A folio reaches a list by way of a batch of the CPU that made it. Until that CPU's batch is full or drained the folio is on no list and
 * has one reference more, which keeps a write fault on another CPU from taking it over. So it is with folios that are on a list and are to be
 * moved to another.
 *
 * <p>Mirrors: mm/swap.c, mm/mlock.c.
 * <p>Locks: takes the CPU's local lock, and lru_lock when a batch is emptied; may be called under page-table locks.
 */
public final class Lru {
    private final MemMap memMap;
    private final Kernel kernel;
    private final LruLists lists;
    private final LruMoves moves;
    private final MlockBatch mlockBatch;
    private final LruScan scan;
    private final CpuBatches[] batches;

    public Lru(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.lists = new LruLists(kernel);
        this.moves = new LruMoves(kernel, lists);
        this.mlockBatch = new MlockBatch(kernel, lists);
        this.scan = new LruScan(kernel, lists);
        this.batches = new CpuBatches[kernel.machine().cpuCount()];
        for (int i = 0; i < batches.length; i++) {
            batches[i] = new CpuBatches();
        }
    }

    // ---------------------------------------------------------------- onto a list, and between lists

    /** Puts a new folio into this CPU's batch: folio_add_lru(). The batch holds a reference until it is drained. */
    public void folioAddLru(Cpu cpu, long pfn) {
        addAndMove(cpu, pfn, CpuBatches.Move.ADD);
    }

    /** As {@link #folioAddLru}, or into the mlock batch if the VMA is locked: folio_add_lru_vma(). */
    public void folioAddLruVma(Cpu cpu, long pfn, VmAreaStruct vma) {
        if (vma.has(VmFlags.LOCKED) && !vma.has(VmFlags.SPECIAL)) {
            memMap.setFlag(cpu, pfn, PageFlags.MLOCKED);
            addMlock(cpu, pfn, MlockBatch.LOCK_NEW);
        } else {
            folioAddLru(cpu, pfn);
        }
    }

    private void addAndMove(Cpu cpu, long pfn, CpuBatches.Move move) {
        addAndMove(cpu, batches[cpu.id()], pfn, move);
    }

    private void addAndMove(Cpu cpu, CpuBatches own, long pfn, CpuBatches.Move move) {
        memMap.pageRefAdd(cpu, pfn, 1);
        FolioBatch batch = own.moves[move.ordinal()];
        own.lock.lock(cpu);
        if (!batch.add(pfn)) {
            moves.moveAll(cpu, batch, move);
        }
        own.lock.unlock();
    }

    /** Makes a page lazily freeable once its batch is drained: folio_mark_lazyfree(). */
    public void folioMarkLazyfree(Cpu cpu, long pfn) {
        int flags = memMap.flags(cpu, pfn);
        if ((flags & PageFlags.LRU) != 0 && LruMoves.mayBeLazyfree(flags)) {
            addAndMove(cpu, pfn, CpuBatches.Move.LAZYFREE);
        }
    }

    /**
     * Moves a page that has been written for reclaim to the old end of its list, once the batch of the CPU that took the device's interrupt
     * is drained; until then that batch holds a reference, which keeps others from freeing the page or taking it over.
     *
     * <p>Mirrors: folio_rotate_reclaimable(). A page that is on no list, as it still is in the batch of who isolated it, is left alone.
     */
    public void folioRotateReclaimable(Cpu cpu, int interruptedCpu, long pfn) {
        int flags = memMap.flags(cpu, pfn);
        if ((flags & (PageFlags.LRU | PageFlags.LOCKED | PageFlags.DIRTY | PageFlags.UNEVICTABLE)) == PageFlags.LRU) {
            addAndMove(cpu, batches[interruptedCpu], pfn, CpuBatches.Move.MOVE_TAIL);
        }
    }

    /** Moves an active page to the inactive list once its batch is drained: folio_deactivate(). */
    public void folioDeactivate(Cpu cpu, long pfn) {
        int wanted = PageFlags.LRU | PageFlags.ACTIVE;
        if ((memMap.flags(cpu, pfn) & (wanted | PageFlags.UNEVICTABLE)) == wanted) {
            addAndMove(cpu, pfn, CpuBatches.Move.DEACTIVATE);
        }
    }

    /**
     * Notes an access: the first makes a page referenced, the second active.
     *
     * <p>Mirrors: folio_mark_accessed(). A page still in this CPU's batch is marked active there; one on a list is moved by another batch,
     * which holds a reference meanwhile.
     */
    public void folioMarkAccessed(Cpu cpu, long pfn) {
        int flags = memMap.flags(cpu, pfn);
        if ((flags & PageFlags.REFERENCED) == 0) {
            memMap.setFlag(cpu, pfn, PageFlags.REFERENCED);
        } else if ((flags & (PageFlags.UNEVICTABLE | PageFlags.ACTIVE)) == 0) {
            if ((flags & PageFlags.LRU) != 0) {
                addAndMove(cpu, pfn, CpuBatches.Move.ACTIVATE);
            } else {
                activateInBatch(cpu, pfn);
            }
            memMap.clearFlag(cpu, pfn, PageFlags.REFERENCED);
        }
    }

    private void activateInBatch(Cpu cpu, long pfn) {
        CpuBatches own = batches[cpu.id()];
        own.lock.lock(cpu);
        if (own.moves[CpuBatches.Move.ADD.ordinal()].contains(pfn)) {
            memMap.setFlag(cpu, pfn, PageFlags.ACTIVE);
        }
        own.lock.unlock();
    }

    // ---------------------------------------------------------------- mlock

    /** Marks a page mlocked because a locked VMA maps it: mlock_folio(), through the mlock batch. */
    public void mlockFolio(Cpu cpu, long pfn) {
        memMap.setFlag(cpu, pfn, PageFlags.MLOCKED);
        addMlock(cpu, pfn, MlockBatch.LOCK);
    }

    /** A locked VMA does not map the page any more: munlock_folio(), through the mlock batch. */
    public void munlockFolio(Cpu cpu, long pfn) {
        addMlock(cpu, pfn, MlockBatch.UNLOCK);
    }

    private void addMlock(Cpu cpu, long pfn, int kind) {
        memMap.pageRefAdd(cpu, pfn, 1);
        CpuBatches own = batches[cpu.id()];
        own.lock.lock(cpu);
        if (!own.mlock.add(MlockBatch.entry(pfn, kind)) || memMap.isLarge(pfn)) {
            mlockBatch.applyAll(cpu, own.mlock);
        }
        own.lock.unlock();
    }

    // ---------------------------------------------------------------- draining

    /** Empties this CPU's batches, the mlock batch included: lru_add_drain(). */
    public void lruAddDrain(Cpu cpu) {
        drain(cpu, batches[cpu.id()]);
    }

    /** Empties this CPU's mlock batch: mlock_drain_local(). */
    public void mlockDrainLocal(Cpu cpu) {
        CpuBatches own = batches[cpu.id()];
        own.lock.lock(cpu);
        drainMlock(cpu, own);
        own.lock.unlock();
    }

    /** Empties the batches of all CPUs: lru_add_drain_all(). */
    public void lruAddDrainAll(Cpu cpu) {
        for (CpuBatches each : batches) {
            drain(cpu, each);
        }
    }

    private void drain(Cpu cpu, CpuBatches own) {
        own.lock.lock(cpu);
        for (CpuBatches.Move move : CpuBatches.MOVES) {
            FolioBatch batch = own.moves[move.ordinal()];
            if (batch.count() != 0) {
                moves.moveAll(cpu, batch, move);
            }
        }
        drainMlock(cpu, own);
        own.lock.unlock();
    }

    private void drainMlock(Cpu cpu, CpuBatches own) {
        if (own.mlock.count() != 0) {
            mlockBatch.applyAll(cpu, own.mlock);
        }
    }

    // ---------------------------------------------------------------- off a list

    /** The lists as reclaim and the checks see them. */
    public LruScan scan() {
        return scan;
    }

    /** Takes a page off its list with a reference; false if it is on none: folio_isolate_lru(). */
    public boolean folioIsolateLru(Cpu cpu, long pfn) {
        if ((memMap.flags(cpu, pfn) & PageFlags.LRU) == 0 || !memMap.testAndClearFlag(pfn, PageFlags.LRU)) {
            return false;
        }
        memMap.pageRefAdd(cpu, pfn, 1);
        lists.lock(cpu);
        lists.del(pfn);
        lists.unlock(cpu);
        return true;
    }

    /** Gives an isolated page back to its list, by way of a batch, and drops the reference: folio_putback_lru(). */
    public void folioPutbackLru(Cpu cpu, long pfn) {
        folioAddLru(cpu, pfn);
        kernel.putPage(cpu, pfn);
    }

    /** Takes a page that is being freed off its list: __page_cache_release(). */
    public void pageCacheRelease(Cpu cpu, long pfn) {
        if (memMap.testFlag(pfn, PageFlags.LRU)) {
            lists.lock(cpu);
            lists.release(pfn);
            lists.unlock(cpu);
        }
    }

    /** As {@link #pageCacheRelease} for many pages under one hold of the lock. */
    public void pageCacheRelease(Cpu cpu, long[] pfns, int count) {
        int i = 0;
        while (i < count && !memMap.testFlag(pfns[i], PageFlags.LRU)) {
            i++;
        }
        if (i < count) {
            lists.lock(cpu);
            for (; i < count; i++) {
                lists.release(pfns[i]);
            }
            lists.unlock(cpu);
        }
    }

    // ---------------------------------------------------------------- observations of a machine at rest

    /** References that batches hold on a page; for many pages at once see {@link LruReferences}. */
    public int references(long pfn) {
        return new LruReferences(this).on(pfn);
    }

    /** Gives the page of every reference that a batch holds to {@code visitor}. */
    void forEachReference(LongConsumer visitor) {
        for (CpuBatches each : batches) {
            each.forEachReference(visitor);
        }
    }
}
