package dev.cowtable.mm.filemap;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mmu.cpu.Cpu;
import dev.cowtable.mmu.exec.Step;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Which page, or which swap slot, holds each page of one file.
 *
 * <pre>
 * slot of an index: 0                  nothing
 *                   pfn * 2 + 1        a page
 *                   a swap entry       (bit 0 is clear in those) a page of shared memory that was swapped out
 * </pre>
 *
 * <p>Mirrors: address_space::i_pages with its value entries.
 * <p>Locks: slots are written under the lock, and read without: a reader takes a reference and looks again.
 * <p>Differs: two levels of arrays, made where they are needed, in place of an xarray.
 */
final class PageCache {
    static final long NOTHING = 0;

    private static final int CHUNK_SHIFT = 9;
    private static final int CHUNK_SLOTS = 1 << CHUNK_SHIFT;
    private static final long[] EMPTY = new long[CHUNK_SLOTS];
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final SpinLock lock;
    private final long identity;
    private volatile long[][] chunks = new long[0][];
    private volatile long nrPages;
    private volatile long nrSwapped;

    PageCache(Lockdep lockdep) {
        this.lock = new SpinLock(lockdep, LockClass.I_PAGES);
        this.identity = lockdep.nextIdentity();
    }

    static long slotOf(long pfn) {
        return pfn << 1 | 1;
    }

    static boolean isPage(long slot) {
        return (slot & 1) != 0;
    }

    static boolean isSwap(long slot) {
        return slot != NOTHING && (slot & 1) == 0;
    }

    static long pfn(long slot) {
        return slot >>> 1;
    }

    /** The slot as it is now, for observers of a machine at rest. */
    long load(long index) {
        long[][] all = chunks;
        int number = (int) (index >>> CHUNK_SHIFT);
        return number >= all.length ? NOTHING
                : (long) LONGS.getVolatile(all[number], (int) index & (CHUNK_SLOTS - 1));
    }

    /** The slot as the kernel reads it while others change it. */
    long load(Cpu cpu, long index) {
        cpu.step(Step.READ, identity);
        return load(index);
    }

    /**
     * The slot; if it holds a page, that page has one reference more.
     *
     * <p>Mirrors: filemap_get_entry(). A page that leaves the cache while its reference is taken is given back.
     */
    long get(Kernel kernel, Cpu cpu, long index) {
        while (true) {
            long slot = load(cpu, index);
            if (!isPage(slot)) {
                return slot;
            }
            if (!kernel.memMap().pageRefAddUnlessZero(cpu, pfn(slot), 1)) {
                continue;
            }
            if (load(cpu, index) == slot) {
                return slot;
            }
            kernel.putPage(cpu, pfn(slot));
        }
    }

    /** Replaces a slot if it is as expected. */
    boolean replace(Cpu cpu, long index, long expected, long slot) {
        lock.lock(cpu);
        boolean same = load(index) == expected;
        if (same) {
            store(index, slot);
            count(expected, -1);
            count(slot, 1);
        }
        lock.unlock(cpu);
        return same;
    }

    /**
     * Puts another page in the place of one of which only the cache and the caller know: __folio_migrate_mapping().
     *
     * <p>Why: with the count frozen nobody can find the old page while it changes places.
     */
    boolean migrate(Kernel kernel, Cpu cpu, long index, long oldPfn, long newPfn) {
        lock.lock(cpu);
        boolean alone = load(index) == slotOf(oldPfn) && kernel.memMap().pageRefFreeze(cpu, oldPfn, 2);
        if (alone) {
            kernel.memMap().pageRefAdd(cpu, newPfn, 1);
            store(index, slotOf(newPfn));
            kernel.memMap().pageRefUnfreeze(cpu, oldPfn, 1);
        }
        lock.unlock(cpu);
        return alone;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // the lock is held
    private void count(long slot, int n) {
        if (isPage(slot)) {
            nrPages += n;
        } else if (isSwap(slot)) {
            nrSwapped += n;
        }
    }

    private void store(long index, long slot) {
        int number = Math.toIntExact(index >>> CHUNK_SHIFT);
        long[][] all = chunks;
        if (number >= all.length || all[number] == EMPTY) {
            int length = all.length;
            all = Arrays.copyOf(all, number < length ? length : Math.max(number + 1, length * 2));
            Arrays.fill(all, length, all.length, EMPTY);
            all[number] = new long[CHUNK_SLOTS];
            chunks = all;
        }
        LONGS.setVolatile(all[number], (int) index & (CHUNK_SLOTS - 1), slot);
    }

    /** First index at or above {@code from} and below {@code end} whose slot is in use, or {@code end}. */
    long nextUsed(long from, long end) {
        long[][] all = chunks;
        long limit = Math.min(end, (long) all.length << CHUNK_SHIFT);
        for (long index = from; index < limit; index++) {
            long[] chunk = all[(int) (index >>> CHUNK_SHIFT)];
            if (chunk == EMPTY) {
                index |= CHUNK_SLOTS - 1;
            } else if ((long) LONGS.getVolatile(chunk, (int) index & (CHUNK_SLOTS - 1)) != NOTHING) {
                return index;
            }
        }
        return end;
    }

    long nrPages() {
        return nrPages;
    }

    long nrSwapped() {
        return nrSwapped;
    }
}
