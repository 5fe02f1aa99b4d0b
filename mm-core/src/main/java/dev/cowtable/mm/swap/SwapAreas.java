package dev.cowtable.mm.swap;

import dev.cowtable.mm.Errno;
import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.pgtable.SwpEntry;
import dev.cowtable.mmu.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * The swap areas, and who uses their slots.
 *
 * <p>Mirrors: swap_info[] (mm/swapfile.c).
 * <p>Locks: an area is turned on or off by one CPU at a time.
 */
abstract sealed class SwapAreas permits Swap {
    /** Slots of an area when nothing is said: 4 GiB. */
    public static final long DEFAULT_CAPACITY = 1L << 20;

    private final Kernel kernel;
    private final @Nullable SwapInfo[] areas = new SwapInfo[SwpEntry.MAX_SWAPFILES];
    private ShmemUnuse shmemUnuse = (cpu, type) -> 0;

    /** Brings back the pages of shared memory that an area holds: shmem_unuse(). */
    @FunctionalInterface
    public interface ShmemUnuse {
        /** 0 or a negative errno. */
        int unuse(Cpu cpu, int type);
    }

    SwapAreas(Kernel kernel) {
        this.kernel = kernel;
    }

    /** By type; null where none is on. */
    final @Nullable SwapInfo[] areas() {
        return areas;
    }

    // ---------------------------------------------------------------- areas

    /** Turns an area on; its type, or a negative errno. */
    public final int swapon(Cpu cpu, SwapInfo.Kind kind) {
        return swapon(cpu, kind, DEFAULT_CAPACITY);
    }

    /** Turns an area of so many slots on; its type, or -EPERM if there are too many areas. */
    public final int swapon(Cpu cpu, SwapInfo.Kind kind, long slots) {
        for (int type = 0; type < areas.length; type++) {
            if (areas[type] == null) {
                areas[type] = new SwapInfo(kernel.lockdep(), kernel.failures(), type, kind, slots);
                return type;
            }
        }
        return Errno.EPERM.code();
    }

    /**
     * Turns an area off after everything in it was brought back; 0, or -EINVAL, -ENOMEM or -EBUSY with the area on as before.
     *
     * <p>Locks: none held; takes each mm's mmap_lock for reading.
     */
    public final int swapoff(Cpu cpu, int type) {
        SwapInfo area = area(type);
        if (area == null) {
            return Errno.EINVAL.code();
        }
        area.setWriteOk(false);
        int error = new TryToUnuse(kernel).tryToUnuse(cpu, area);
        if (error == 0) {
            areas[type] = null;
        } else {
            area.setWriteOk(true);
        }
        return error;
    }

    /**
     * Turns all areas off that can be: what ends a machine. Pages that nobody wants and that somebody had locked when their last user went
     * are still in the swap cache until then, or until reclaim meets them.
     */
    public final void swapoffAll(Cpu cpu) {
        for (int type = 0; type < areas.length; type++) {
            if (areas[type] != null) {
                swapoff(cpu, type);
            }
        }
    }

    /** Names who brings shared memory back at swapoff. */
    public final void onSwapoff(ShmemUnuse unuse) {
        shmemUnuse = unuse;
    }

    int unuseShmem(Cpu cpu, int type) {
        return shmemUnuse.unuse(cpu, type);
    }

    /** The area of a type, or null if it is off. */
    public final @Nullable SwapInfo area(int type) {
        return type < areas.length ? areas[type] : null;
    }

    final @Nullable SwapInfo areaOf(long entry) {
        return area(SwpEntry.type(entry));
    }

    final SwapInfo usedAreaOf(long entry) {
        SwapInfo area = areaOf(entry);
        if (area == null) {
            throw new IllegalStateException("swap entry 0x" + Long.toHexString(entry) + " names no area");
        }
        return area;
    }

    /** True if some area is on. */
    public final boolean isOn() {
        for (SwapInfo area : areas) {
            if (area != null) {
                return true;
            }
        }
        return false;
    }

    /** Slots of all areas that are not free. */
    public final long slotsInUse() {
        long sum = 0;
        for (SwapInfo area : areas) {
            sum += area == null ? 0 : area.inUse();
        }
        return sum;
    }

    /** True if more than half of all slots are taken: vm_swap_full(). */
    public final boolean isFull() {
        long capacity = 0;
        for (SwapInfo area : areas) {
            capacity += area == null ? 0 : area.capacity();
        }
        return slotsInUse() * 2 > capacity;
    }

    // ---------------------------------------------------------------- users of a slot

    /** Adds a user; false, with nothing changed, if the count needs memory that is not there: swap_duplicate(). */
    public final boolean swapDuplicate(Cpu cpu, long entry) {
        return usedAreaOf(entry).duplicate(cpu, SwpEntry.offset(entry));
    }

    /** Drops a user: swap_free(). A page in the swap cache stays there. */
    public final void swapFree(Cpu cpu, long entry) {
        usedAreaOf(entry).free(cpu, SwpEntry.offset(entry));
    }

    /** Gives a cached page's slot to shared memory as its one user: swap_shmem_alloc(). */
    public final void swapShmemAlloc(Cpu cpu, long entry) {
        usedAreaOf(entry).shmemAlloc(cpu, SwpEntry.offset(entry));
    }

    /** Users of the entry's slot, the swap cache not counted; 0 for an area that is off. */
    public final int swapCount(long entry) {
        SwapInfo area = areaOf(entry);
        return area == null ? 0 : area.count(SwpEntry.offset(entry));
    }

    /** True if the slot has a page in the swap cache, or is being read past it. */
    public final boolean hasCache(long entry) {
        SwapInfo area = areaOf(entry);
        return area != null && area.hasCache(SwpEntry.offset(entry));
    }
}
