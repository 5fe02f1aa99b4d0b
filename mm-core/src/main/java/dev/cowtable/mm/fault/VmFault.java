package dev.cowtable.mm.fault;

/**
 * Results of a fault as bits of an int, and the flags with which one is handled.
 *
 * <p>Mirrors: enum vm_fault_reason and enum fault_flag (include/linux/mm_types.h).
 */
public final class VmFault {
    public static final int OOM = 0x1;
    public static final int SIGBUS = 0x2;
    public static final int MAJOR = 0x4;
    /** The page is poisoned. */
    public static final int HWPOISON = 0x10;
    public static final int SIGSEGV = 0x40;
    /** The lock given was not enough, or the entry could not be dealt with; the caller starts again. */
    public static final int RETRY = 0x400;
    /** Nothing was wrong with the entry: a stale TLB, or another CPU was faster. Counted apart from minor faults. */
    public static final int SPURIOUS = 0x10000;
    public static final int ERROR = OOM | SIGBUS | HWPOISON | SIGSEGV;

    public static final int FLAG_WRITE = 0x1;
    /** Runs under the VMA's lock, not mmap_lock. */
    public static final int FLAG_VMA_LOCK = 0x1000;
    /** Make an anonymous page exclusive without making the entry writable. */
    public static final int FLAG_UNSHARE = 0x400;

    private VmFault() {
    }
}
