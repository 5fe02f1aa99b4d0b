package dev.cowtable.mm.reclaim;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.lru.LruList;
import dev.cowtable.mm.lru.LruScan;
import dev.cowtable.mm.page.MemMap;
import dev.cowtable.mm.page.PageFlags;
import dev.cowtable.mm.rmap.FolioReferenced;
import dev.cowtable.mm.spi.Operation;
import dev.cowtable.mm.vma.VmFlags;
import dev.cowtable.mmu.cpu.Cpu;

/**
 * Takes pages back: those that a caller has isolated, or those that have not been used for longest.
 *
 * <p>Mirrors: reclaim_pages(), shrink_node() (mm/vmscan.c).
 * <p>Locks: none but mmap_lock or a VMA's lock may be held.
 * <p>Differs: nobody calls {@link #shrinkNode} when memory is short; a caller says how much he wants back.
 */
public final class Reclaim {
    private static final int SWAP_CLUSTER_MAX = 32;
    private static final int DEF_PRIORITY = 12;

    private final Kernel kernel;
    private final MemMap memMap;
    private final LruScan scan;
    private final ShrinkFolioList shrinkFolioList;

    public Reclaim(Kernel kernel) {
        this.kernel = kernel;
        this.memMap = kernel.memMap();
        this.scan = kernel.lru().scan();
        this.shrinkFolioList = new ShrinkFolioList(kernel);
    }

    /**
     * Frees isolated pages whether they were used recently or not, and gives back those that stay. {@code pfns} is overwritten.
     *
     * <p>Mirrors: reclaim_pages().
     *
     * @return number of pages freed
     */
    public int reclaimPages(Cpu cpu, long[] pfns, int count) {
        for (int i = 0; i < count; i++) {
            memMap.clearFlag(cpu, pfns[i], PageFlags.ACTIVE);
        }
        int left = shrinkFolioList.shrink(cpu, pfns, count, true);
        for (int i = 0; i < left; i++) {
            kernel.lru().folioPutbackLru(cpu, pfns[i]);
        }
        kernel.swap().submitUnlessPlugged(cpu);
        return count - left;
    }

    // ---------------------------------------------------------------- pressure

    /**
     * Scans the lists, ever larger parts of them, until so many pages are freed or all were looked at.
     *
     * <p>Why: a page that was used gets a second chance; when a page stays active the list above gives way first.
     *
     * @return number of pages freed
     */
    public long shrinkNode(Cpu cpu, long nrToReclaim) {
        kernel.forkStrategy().require(cpu, null, Operation.RMAP, 0, Long.MAX_VALUE);
        long freed = 0;
        for (int priority = DEF_PRIORITY; priority >= 0 && freed < nrToReclaim; priority--) {
            freed += shrinkLru(cpu, LruList.INACTIVE_FILE, priority, nrToReclaim - freed);
            if (kernel.swap().isOn() && freed < nrToReclaim) {
                freed += shrinkLru(cpu, LruList.INACTIVE_ANON, priority, nrToReclaim - freed);
            }
        }
        return freed;
    }

    private long shrinkLru(Cpu cpu, LruList inactive, int priority, long wanted) {
        kernel.lru().lruAddDrain(cpu);
        long toScan = Math.max(scan.count(inactive) >> priority, Math.min(SWAP_CLUSTER_MAX, scan.count(inactive)));
        long freed = 0;
        while (toScan > 0 && freed < wanted) {
            freed += shrinkInactiveList(cpu, inactive, (int) Math.min(toScan, SWAP_CLUSTER_MAX));
            toScan -= SWAP_CLUSTER_MAX;
        }
        if (isInactiveLow(inactive)) {
            shrinkActiveList(cpu, inactive.active());
        }
        return freed;
    }

    /** Mirrors: inactive_is_low() for less than 1 GiB; above, the inactive share may be smaller. */
    private boolean isInactiveLow(LruList inactive) {
        long active = scan.count(inactive.active());
        long gib = scan.count(inactive) + active >> 18;
        long ratio = gib == 0 ? 1 : (long) Math.sqrt(10.0 * gib);
        return scan.count(inactive) * ratio < active;
    }

    private int shrinkInactiveList(Cpu cpu, LruList list, int max) {
        long[] pfns = new long[max];
        kernel.lru().lruAddDrain(cpu);
        int taken = scan.isolateLruFolios(cpu, list, pfns, max);
        int left = shrinkFolioList.shrink(cpu, pfns, taken, false);
        scan.moveFoliosToLru(cpu, pfns, left);
        kernel.swap().submitUnlessPlugged(cpu);
        return taken - left;
    }

    /** Moves the oldest active pages to the inactive list; used pages of programs stay. */
    private void shrinkActiveList(Cpu cpu, LruList list) {
        long[] pfns = new long[SWAP_CLUSTER_MAX];
        kernel.lru().lruAddDrain(cpu);
        int taken = scan.isolateLruFolios(cpu, list, pfns, pfns.length);
        for (int i = 0; i < taken; i++) {
            FolioReferenced question = new FolioReferenced(kernel);
            boolean used = question.referenced(cpu, pfns[i]) != 0;
            boolean program = !memMap.testFlag(pfns[i], PageFlags.SWAPBACKED) && question.vmaHas(VmFlags.EXEC);
            if (!(used && program)) {
                memMap.clearFlag(cpu, pfns[i], PageFlags.ACTIVE);
            }
        }
        scan.moveFoliosToLru(cpu, pfns, taken);
    }
}
