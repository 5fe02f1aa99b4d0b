package dev.cowtable.mm.vma;

/**
 * What a process may have at most, and the privilege that lifts a limit.
 *
 * <p>Mirrors: RLIMIT_MEMLOCK, RLIMIT_STACK, RLIMIT_AS, CAP_IPC_LOCK and sysctl vm.max_map_count; the defaults are root's.
 * <p>Locks: written by the process itself while it makes no other call.
 */
public final class Rlimits {
    private static final int DEFAULT_MAX_MAP_COUNT = 65530;
    private static final long DEFAULT_STACK_BYTES = 8L << 20;

    private long memlockBytes = Long.MAX_VALUE;
    private long stackBytes = DEFAULT_STACK_BYTES;
    private long addressSpaceBytes = Long.MAX_VALUE;
    private boolean capIpcLock = true;
    private int maxMapCount = DEFAULT_MAX_MAP_COUNT;

    /** A child has its parent's limits. */
    public void copyFrom(Rlimits parent) {
        memlockBytes = parent.memlockBytes;
        stackBytes = parent.stackBytes;
        addressSpaceBytes = parent.addressSpaceBytes;
        capIpcLock = parent.capIpcLock;
        maxMapCount = parent.maxMapCount;
    }

    /** Takes CAP_IPC_LOCK away and limits locked memory. */
    public void limitMemlock(long bytes) {
        capIpcLock = false;
        memlockBytes = bytes;
    }

    public void limitStack(long bytes) {
        stackBytes = bytes;
    }

    public void limitAddressSpace(long bytes) {
        addressSpaceBytes = bytes;
    }

    public void limitMapCount(int vmas) {
        maxMapCount = vmas;
    }

    /** Most VMAs of one address space. */
    int maxMapCount() {
        return maxMapCount;
    }

    long stackBytes() {
        return stackBytes;
    }

    /** Mirrors: can_do_mlock(). */
    boolean canDoMlock() {
        return capIpcLock || memlockBytes != 0;
    }

    /** Whether the process may have so many locked pages: mlock_future_ok(). */
    boolean mayLock(long pages) {
        return capIpcLock || pages <= memlockBytes >>> 12;
    }

    /** Mirrors: may_expand_vm(). */
    boolean mayExpand(MmStruct mm, long bytes) {
        if (addressSpaceBytes == Long.MAX_VALUE) {
            return true;
        }
        long total = bytes;
        for (VmAreaStruct vma : mm.vmas()) {
            total += vma.end() - vma.start();
        }
        return total <= addressSpaceBytes;
    }
}
