package dev.cowtable.mm.swap;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * One swap area: its slots, who uses each of them, and what they hold.
 *
 * <pre>
 * map word of a slot: | HAS_CACHE | SHMEM | count: page-table entries that name it |
 *                        30          29      28-0
 * </pre>
 *
 * A slot is free when its word is 0; HAS_CACHE stands for a page in the swap cache, or for someone who reads the slot past it.
 *
 * <p>Mirrors: struct swap_info_struct with its swap_map (mm/swapfile.c).
 * <p>Locks: the words are changed under the swap lock and read with or without it. Contents belong to the holder of HAS_CACHE.
 * <p>Differs: slots are given lowest first, and the count is one number, though it needs a continuation page where the kernel's does.
 */
public final class SwapInfo {
    /** Largest count without a continuation page. */
    public static final int SWAP_MAP_MAX = 0x3e;
    /** No slot is free, or the area is being turned off. */
    public static final long NO_SLOT = -1;

    static final int HAS_CACHE = 1 << 30;
    static final int SHMEM = 1 << 29;

    private static final int COUNT_MASK = SHMEM - 1;
    /** Largest count with one continuation page: a carry stands for 0x3f, and a continuation byte ends at 0x7f. */
    private static final int ONE_CONTINUATION_MAX = SWAP_MAP_MAX + (SWAP_MAP_MAX + 1) * 0x7f;

    /** Back ends. */
    public enum Kind {
        /** Writes back asynchronously. */
        FILE,
        /** Writes and reads within the call: SWP_SYNCHRONOUS_IO. */
        ZRAM
    }

    private final int type;
    private final Kind kind;
    private final long capacity;
    private final FailureInjection failures;
    private final SpinLock lock;
    private final SpinLock cacheLock;
    private final @Nullable SwapCluster[] clusters;
    // lock must be held when using these:
    private long lowestFree;
    private long slots;
    private volatile long inUse;
    private volatile boolean writeOk = true;

    SwapInfo(Lockdep lockdep, FailureInjection failures, int type, Kind kind, long capacity) {
        this.type = type;
        this.kind = kind;
        this.capacity = capacity;
        this.failures = failures;
        this.lock = new SpinLock(lockdep, LockClass.SWAP_LOCK);
        this.cacheLock = new SpinLock(lockdep, LockClass.I_PAGES);
        this.clusters = new SwapCluster[Math.toIntExact((capacity + SwapCluster.SLOTS - 1) >>> SwapCluster.SHIFT)];
    }

    public int type() {
        return type;
    }

    public Kind kind() {
        return kind;
    }

    public long capacity() {
        return capacity;
    }

    /** Slots that were ever taken are those below. */
    public long slots() {
        return slots;
    }

    /** Slots that are not free. */
    public long inUse() {
        return inUse;
    }

    boolean isSynchronous() {
        return kind == Kind.ZRAM;
    }

    /** False keeps new slots from being taken: swapoff. */
    void setWriteOk(boolean ok) {
        writeOk = ok;
    }

    private SwapCluster cluster(long slot) {
        SwapCluster cluster = clusters[(int) (slot >>> SwapCluster.SHIFT)];
        if (cluster == null) {
            throw new IllegalStateException("swap slot " + slot + " was never taken");
        }
        return cluster;
    }

    private SwapCluster clusterMade(long slot) {
        int number = (int) (slot >>> SwapCluster.SHIFT);
        SwapCluster cluster = clusters[number];
        if (cluster == null) {
            cluster = new SwapCluster();
            clusters[number] = cluster;
        }
        return cluster;
    }

    // ---------------------------------------------------------------- looking

    private int word(long slot) {
        return slot < slots ? cluster(slot).map[SwapCluster.at(slot)] : 0;
    }

    /** Users of a slot, the swap cache not counted: __swap_count(). */
    public int count(long slot) {
        return word(slot) & COUNT_MASK;
    }

    public boolean hasCache(long slot) {
        return (word(slot) & HAS_CACHE) != 0;
    }

    /** True if a page of shared memory was written there. */
    public boolean isShmem(long slot) {
        return (word(slot) & SHMEM) != 0;
    }

    /** True if nobody but the swap cache uses the slot: swap_is_has_cache(). */
    boolean isOnlyCached(long slot) {
        return word(slot) == HAS_CACHE;
    }

    /** What a slot holds. */
    SlotContents contents(long slot) {
        return cluster(slot).contents;
    }

    // ---------------------------------------------------------------- taking and freeing

    /** Takes the lowest free slot for a page that goes into the swap cache; {@link #NO_SLOT} if there is none. */
    long allocSlot(Cpu cpu) {
        return allocSlot(cpu, HAS_CACHE);
    }

    /** Takes the lowest free slot for one entry, without a page. */
    long allocUsedSlot(Cpu cpu) {
        return allocSlot(cpu, 1);
    }

    private long allocSlot(Cpu cpu, int word) {
        lock.lock(cpu);
        long slot = writeOk ? lowestFree : capacity;
        while (slot < slots && cluster(slot).map[SwapCluster.at(slot)] != 0) {
            slot++;
        }
        boolean found = slot < capacity;
        if (found) {
            clusterMade(slot).map[SwapCluster.at(slot)] = word;
            slots = Math.max(slots, slot + 1);
            lowestFree = slot + 1;
            changeInUse(1);
        }
        lock.unlock(cpu);
        return found ? slot : NO_SLOT;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // the lock is held
    private void changeInUse(int n) {
        inUse += n;
    }

    /**
     * Adds a user; false if the count needs a continuation page and there is no memory for it.
     *
     * <p>Mirrors: swap_duplicate() with add_swap_count_continuation().
     */
    boolean duplicate(Cpu cpu, long slot) {
        lock.lock(cpu);
        SwapCluster cluster = cluster(slot);
        int word = cluster.map[SwapCluster.at(slot)];
        int continuations = continuationsFor((word & COUNT_MASK) + 1);
        boolean granted = continuations <= cluster.continuations || !failures.shouldFail(cpu);
        if (granted && word != 0) {
            cluster.continuations = Math.max(cluster.continuations, continuations);
            cluster.map[SwapCluster.at(slot)] = word + 1;
        }
        lock.unlock(cpu);
        if (word == 0) {
            throw new IllegalStateException("swap slot " + slot + " is free and gets another user");
        }
        return granted;
    }

    private static int continuationsFor(int count) {
        if (count <= SWAP_MAP_MAX) {
            return 0;
        }
        return count <= ONE_CONTINUATION_MAX ? 1 : 2;
    }

    /** Gives the slot to shared memory, its one user: swap_shmem_alloc(). */
    void shmemAlloc(Cpu cpu, long slot) {
        lock.lock(cpu);
        cluster(slot).map[SwapCluster.at(slot)] |= SHMEM | 1;
        lock.unlock(cpu);
    }

    /** Drops a user; true if only the swap cache is left. */
    boolean free(Cpu cpu, long slot) {
        lock.lock(cpu);
        int word = word(slot);
        boolean used = (word & COUNT_MASK) != 0;
        if (used) {
            store(slot, (word & COUNT_MASK) == 1 ? word & HAS_CACHE : word - 1);
        }
        lock.unlock(cpu);
        if (!used) {
            throw new IllegalStateException("swap slot " + slot + " is freed more often than used");
        }
        return (word & ~SHMEM) == (HAS_CACHE | 1);
    }

    /** Takes HAS_CACHE: the right to put a page into the swap cache for the slot, or to read it past the cache. */
    SwapPrepared prepareCache(Cpu cpu, long slot) {
        lock.lock(cpu);
        int word = word(slot);
        SwapPrepared result = word == 0 ? SwapPrepared.UNUSED
                : (word & HAS_CACHE) != 0 ? SwapPrepared.BUSY : SwapPrepared.TAKEN;
        if (result == SwapPrepared.TAKEN) {
            store(slot, word | HAS_CACHE);
        }
        lock.unlock(cpu);
        return result;
    }

    /** Drops HAS_CACHE, and the slot with it if it has no user: put_swap_folio(), swapcache_clear(). */
    void clearCache(Cpu cpu, long slot) {
        lock.lock(cpu);
        store(slot, word(slot) & ~HAS_CACHE);
        lock.unlock(cpu);
    }

    private void store(long slot, int word) {
        SwapCluster cluster = cluster(slot);
        cluster.map[SwapCluster.at(slot)] = word;
        if (word == 0) {
            cluster.contents.drop(SwapCluster.at(slot));
            lowestFree = Math.min(lowestFree, slot);
            changeInUse(-1);
        }
    }

    // ---------------------------------------------------------------- the swap cache's part

    /** i_pages of the area's swap cache. */
    SpinLock cacheLock() {
        return cacheLock;
    }

    /** Frame of the page in the swap cache plus 1, or 0; cacheLock for a reliable answer. */
    long cached(long slot) {
        return slot < slots ? cluster(slot).cache[SwapCluster.at(slot)] : 0;
    }

    void setCached(long slot, long pfnPlusOne) {
        cluster(slot).cache[SwapCluster.at(slot)] = pfnPlusOne;
    }
}
