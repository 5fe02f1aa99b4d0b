package dev.cowtable.mmu.entry;

/**
 * The fault that an access met, packed into a negative long so that results and faults share one return value.
 *
 * <pre>
 *  63       62..33     32      31..0
 * +---+---------------+----+------------+
 * | 1 |       0       | GP | error code |
 * +---+---------------+----+------------+
 * </pre>
 */
public final class Fault {
    public static final int PRESENT = 1;
    public static final int WRITE = 1 << 1;
    public static final int USER = 1 << 2;
    public static final int RESERVED = 1 << 3;
    public static final int FETCH = 1 << 4;
    public static final int PROTECTION_KEY = 1 << 5;

    private static final long FAULT = Long.MIN_VALUE;
    private static final long GP = 1L << 32;

    /** #GP(0): the linear address is not canonical. */
    public static final long GENERAL_PROTECTION = FAULT | GP;

    private Fault() {
    }

    public static boolean isFault(long result) {
        return result < 0;
    }

    public static long pageFault(int errorCode) {
        return FAULT | Integer.toUnsignedLong(errorCode);
    }

    public static boolean isPageFault(long fault) {
        return fault < 0 && (fault & GP) == 0;
    }

    public static int errorCode(long fault) {
        return (int) fault;
    }

    /** Such as {@code #PF(7: P W U)} or {@code #GP(0)}; of a result that is no fault {@code no fault}. */
    public static String describe(long fault) {
        if (!isFault(fault)) {
            return "no fault";
        }
        if (!isPageFault(fault)) {
            return "#GP(0)";
        }
        return "#PF(" + Integer.toHexString(errorCode(fault)) + ":" + bitNames(errorCode(fault)) + ")";
    }

    private static String bitNames(int errorCode) {
        return name(errorCode, PRESENT, " P") + name(errorCode, WRITE, " W") + name(errorCode, USER, " U")
                + name(errorCode, RESERVED, " RSVD") + name(errorCode, FETCH, " I")
                + name(errorCode, PROTECTION_KEY, " PK");
    }

    private static String name(int errorCode, int bit, String name) {
        return (errorCode & bit) != 0 ? name : "";
    }
}
