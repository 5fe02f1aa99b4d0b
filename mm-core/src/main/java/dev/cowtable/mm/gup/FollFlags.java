package dev.cowtable.mm.gup;

/**
 * How get_user_pages looks pages up.
 *
 * <p>Mirrors: FOLL_* (include/linux/mm_types.h).
 */
public final class FollFlags {
    public static final int WRITE = 1;
    /** Take plain references. */
    public static final int GET = 1 << 1;
    /** Take pins; the page's anonymous mapping becomes exclusive first. */
    public static final int PIN = 1 << 2;
    /** Ignore VM_READ and VM_WRITE, as ptrace may. */
    public static final int FORCE = 1 << 3;
    /** The pin is kept for long; only with PIN. */
    public static final int LONGTERM = 1 << 4;
    /** Never fault. */
    public static final int NOFAULT = 1 << 5;
    /** Mark what is found accessed, and dirty if it will be written. */
    public static final int TOUCH = 1 << 6;
    /** A hole and the zero page are errors: for core dumps. */
    public static final int DUMP = 1 << 7;
    /** Answer EHWPOISON for a poisoned page instead of EFAULT. */
    public static final int HWPOISON = 1 << 8;
    /** Fault on a NUMA hint instead of following it. */
    public static final int HONOR_NUMA_FAULT = 1 << 9;
    /** Never leave the lockless walk. */
    public static final int FAST_ONLY = 1 << 10;
    /** The mm is not the caller's own. */
    public static final int REMOTE = 1 << 11;

    private FollFlags() {
    }
}
