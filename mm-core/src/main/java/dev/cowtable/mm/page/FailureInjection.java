package dev.cowtable.mm.page;

import dev.cowtable.mmu.cpu.Cpu;

/**
 * Makes chosen allocations fail.
 *
 * <p>Mirrors: CONFIG_FAIL_PAGE_ALLOC.
 * <p>Locks: set and read while one CPU runs.
 */
public final class FailureInjection {
    private static final long NEVER = Long.MAX_VALUE;

    private long countdown = NEVER;
    private long attempts;
    private boolean persistent;

    /** Lets {@code skip} allocations pass and fails the one after them, once. */
    public void failOnceAfter(long skip) {
        countdown = skip;
        persistent = false;
    }

    /** Lets {@code skip} allocations pass and fails all after them. */
    public void failAllAfter(long skip) {
        countdown = skip;
        persistent = true;
    }

    public void off() {
        countdown = NEVER;
    }

    /** Allocations tried so far, failed ones included. */
    public long attempts() {
        return attempts;
    }

    /** Every resource that can be short asks here: pages, and the continuation of a swap count. */
    public boolean shouldFail(Cpu cpu) {
        attempts++;
        if (countdown == NEVER) {
            return false;
        }
        if (countdown > 0) {
            countdown--;
            return false;
        }
        if (!persistent) {
            countdown = NEVER;
        }
        return true;
    }
}
