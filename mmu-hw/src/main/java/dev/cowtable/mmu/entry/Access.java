package dev.cowtable.mmu.entry;

/**
 * Kinds of access: an or of these bits, which are the bits that the page-fault error code reports them by.
 *
 * <p>No USER bit means a supervisor access; neither WRITE nor FETCH means a data read.
 */
public final class Access {
    public static final int READ = 0;
    public static final int WRITE = Fault.WRITE;
    public static final int USER = Fault.USER;
    public static final int FETCH = Fault.FETCH;
    /**
     * A supervisor access that the CPU makes by itself, such as to a descriptor table, at any privilege level: EFLAGS.AC does not
     * excuse it. Its place is that of an error-code bit that no access has.
     */
    public static final int IMPLICIT = Fault.RESERVED;

    public static final int MASK = WRITE | USER | FETCH | IMPLICIT;
    /** What the error code tells of an access. */
    public static final int REPORTED = WRITE | USER | FETCH;
    /** Number of distinct values of {@code access >>> 1}: an index for tables of access kinds. */
    public static final int KINDS = (MASK | 1) / 2 + 1;

    private Access() {
    }
}
