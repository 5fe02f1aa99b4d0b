package dev.cowtable.mm.swap;

import dev.cowtable.mm.lock.LockClass;
import dev.cowtable.mm.lock.Lockdep;
import dev.cowtable.mm.lock.SpinLock;
import dev.cowtable.mm.page.FailureInjection;
import dev.cowtable.mmu.cpu.Cpu;
import java.util.Arrays;

/**
 * The use counts of swap slots.
 *
 * <p>Mirrors: si->swap_map with swap_duplicate() and swap_free() (mm/swapfile.c); a count above {@link #SWAP_MAP_MAX} needs a
 * continuation page, whose allocation can fail.
 * <p>Locks: takes the swap lock.
 * <p>Differs: slots are numbered ascending and not taken again; contents and the swap cache come with reclaim.
 */
public final class SwapMap {
    public static final int SWAP_MAP_MAX = 0x3e;

    private final SpinLock lock;
    private final FailureInjection failures;
    // lock must be held when using these:
    private int[] count = new int[1024];
    private int slots;

    public SwapMap(Lockdep lockdep, FailureInjection failures) {
        this.lock = new SpinLock(lockdep, LockClass.SWAP_LOCK);
        this.failures = failures;
    }

    /** Takes a slot with count 1 and returns its number. */
    public long allocSlot(Cpu cpu) {
        lock.lock(cpu);
        int slot = slots++;
        count = slots > count.length ? Arrays.copyOf(count, slots * 2) : count;
        count[slot] = 1;
        lock.unlock(cpu);
        return slot;
    }

    /** Adds a user of the slot; false if the count needs a continuation and there is no memory for it. */
    public boolean duplicate(Cpu cpu, long slot) {
        lock.lock(cpu);
        boolean overflow = count[(int) slot] % (SWAP_MAP_MAX + 1) == SWAP_MAP_MAX;
        boolean granted = !overflow || !failures.shouldFail(cpu);
        if (granted) {
            count[(int) slot]++;
        }
        lock.unlock(cpu);
        return granted;
    }

    /** Drops a user of the slot. */
    public void free(Cpu cpu, long slot) {
        lock.lock(cpu);
        if (--count[(int) slot] < 0) {
            throw new IllegalStateException("swap slot " + slot + " is freed more often than used");
        }
        lock.unlock(cpu);
    }

    public int count(long slot) {
        return count[(int) slot];
    }

    public int slots() {
        return slots;
    }
}
