package dev.cowtable.suite.locks;

import dev.cowtable.mmu.addr.Paging;
import dev.cowtable.mmu.cpu.Machine;

/**
 * The scene that every design plays.
 *
 * @param processes the parent and its children
 * @param threads   of each process, each on a CPU of its own
 * @param tables    PTE tables of the parent, all full
 * @param reclaim   another CPU reclaims pages that the processes map
 * @param firstSeed seed of the first run; the next run takes the next one
 */
public record LockOptions(int processes, int threads, int tables, boolean reclaim, long firstSeed, int seeds) {
    private static final int MAX_TABLES = 64;

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException with one sentence if one is out of bounds
     */
    public LockOptions {
        require(processes >= 2, "--processes " + processes + ": a parent and a child are needed");
        require(threads >= 1, "--threads " + threads + ": each process needs one");
        require(tables >= 1 && tables <= MAX_TABLES, "--tables " + tables + " is not between 1 and " + MAX_TABLES);
        require(seeds >= 1, "--seeds " + seeds + ": at least one is needed");
        require((long) processes * threads + (reclaim ? 1 : 0) <= Machine.MAX_CPUS, processes + " processes of "
                + threads + " threads: no more than " + Machine.MAX_CPUS + " CPUs are possible");
    }

    private static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new IllegalArgumentException(sentence);
        }
    }

    int cpus() {
        return processes * threads + (reclaim ? 1 : 0);
    }

    /** The first pages, which are written. */
    int writtenPages() {
        return (tables + 1) / 2 * Paging.ENTRIES;
    }

    int pages() {
        return tables * Paging.ENTRIES;
    }
}
