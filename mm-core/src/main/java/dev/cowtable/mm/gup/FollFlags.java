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

    private FollFlags() {
    }
}
