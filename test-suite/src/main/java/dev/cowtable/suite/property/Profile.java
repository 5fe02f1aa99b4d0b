package dev.cowtable.suite.property;

import dev.cowtable.suite.litmus.SwapKind;
import org.jspecify.annotations.Nullable;

/** What a random program is made of. Each weighs the groups of operations and names the advice that it draws from. */
public enum Profile {
    /** Fork, COW, pins, MADV_DONTNEED and fork flags on private memory: what meets in a shared table. */
    FORK(new Weights(45, 13, 13, 0, 0, 14, 0, 15), 0, null, Words.FORK),
    /** Much writing, little else. */
    COW(new Weights(55, 8, 12, 5, 0, 2, 4, 14), 0, null, Words.COW),
    /** Pins, pipes, O_DIRECT and access from other processes. */
    PIN(new Weights(36, 8, 8, 5, 2, 16, 16, 9), 15, null, Words.COW),
    /** A swap file, and much MADV_PAGEOUT. */
    SWAP(new Weights(40, 6, 28, 4, 3, 4, 5, 10), 10, SwapKind.FILE, Words.SWAP),
    /** A compressed RAM disk, and much MADV_PAGEOUT. */
    ZRAM(new Weights(40, 6, 28, 4, 3, 4, 5, 10), 10, SwapKind.ZRAM, Words.SWAP),
    /** Mappings: split, merged, moved, locked, guarded. */
    VMA(new Weights(28, 18, 22, 13, 7, 2, 2, 8), 25, null, Words.VMA),
    /** All of it. */
    ALL(new Weights(32, 12, 20, 7, 5, 8, 7, 9), 20, SwapKind.FILE, Words.ALL);

    /** Weights of the groups; their sum is 100. */
    record Weights(int access, int mapping, int advice, int move, int lock, int hold, int outside, int lifecycle) {}

    private static final class Words {
        static final String[] FORK =
                {"dontneed", "dontneed", "dontneed", "dontneed", "dontneed", "dontneed", "dontfork", "dontfork",
                        "dofork",
                        "wipeonfork", "wipeonfork", "keeponfork"};
        static final String[] COW =
                {"dontneed", "dontneed", "dontneed", "populate_read", "populate_read", "populate_write",
                        "dontfork", "wipeonfork", "keeponfork"};
        static final String[] SWAP =
                {"pageout", "pageout", "pageout", "pageout", "pageout", "pageout", "pageout", "dontneed", "dontneed",
                        "free", "free", "cold", "willneed", "populate_read", "wipeonfork"};
        static final String[] VMA = {"dontneed", "dontneed", "dontneed_locked", "free", "wipeonfork", "keeponfork",
                "dontfork", "dofork", "guard_install", "guard_install", "guard_install", "guard_remove", "guard_remove",
                "populate_read", "populate_write", "random", "normal", "willneed", "cold", "pageout"};
        static final String[] ALL =
                {"dontneed", "dontneed", "dontneed_locked", "free", "free", "wipeonfork", "keeponfork",
                        "dontfork", "dofork", "guard_install", "guard_install", "guard_remove", "populate_read",
                        "populate_write",
                        "random", "normal", "willneed", "cold", "pageout", "pageout", "pageout", "pageout", "pageout"};

        private Words() {}
    }

    private final Weights weights;
    private final int sharedPercent;
    private final @Nullable SwapKind swap;
    private final String[] advice;

    Profile(Weights weights, int sharedPercent, @Nullable SwapKind swap, String[] advice) {
        this.weights = weights;
        this.sharedPercent = sharedPercent;
        this.swap = swap;
        this.advice = advice;
    }

    Weights weights() {
        return weights;
    }

    /** How many mappings of a hundred are shared memory. */
    int sharedPercent() {
        return sharedPercent;
    }

    /** The swap space that programs begin with, if any. */
    @Nullable
    SwapKind swap() {
        return swap;
    }

    /** Advice words, the frequent ones more than once. */
    String[] advice() {
        return advice.clone();
    }
}
