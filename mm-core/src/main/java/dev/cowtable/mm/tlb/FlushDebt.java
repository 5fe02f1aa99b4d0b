package dev.cowtable.mm.tlb;

import dev.cowtable.mm.vma.MmStruct;

/**
 * What an operation owes to the TLBs of the CPUs that run an mm: it lowered rights, dropped a mapping or made a non-leaf entry
 * point elsewhere, and stale copies may be in use until the range is flushed.
 *
 * <p>A debt is owned by one operation on one CPU. It must be settled ({@link TlbFlush#settle}) before a frame or table is freed,
 * a share of a table is dropped, or a lock is released where the design says so; {@link #requireSettled} is called at those places.
 * While a debt is owed it counts in the mm's {@code tlbFlushPending}, which the invariant checks want to be 0 at rest.
 */
public final class FlushDebt {
    private final MmStruct mm;
    private long startVaddr;
    private long endVaddr;
    private boolean owed;
    private boolean structure;

    public FlushDebt(MmStruct mm) {
        this.mm = mm;
    }

    public MmStruct mm() {
        return mm;
    }

    /** A leaf entry of the range was dropped or lost rights. */
    public void owe(long start, long end) {
        if (!owed) {
            owed = true;
            startVaddr = start;
            endVaddr = end;
            mm.addTlbFlushPending(1);
        } else {
            startVaddr = Math.min(startVaddr, start);
            endVaddr = Math.max(endVaddr, end);
        }
    }

    /** A non-leaf entry of the range was cleared, write-protected or made to point elsewhere. */
    public void oweStructure(long start, long end) {
        owe(start, end);
        structure = true;
    }

    public boolean isOwed() {
        return owed;
    }

    boolean isStructure() {
        return structure;
    }

    long startVaddr() {
        return startVaddr;
    }

    long endVaddr() {
        return endVaddr;
    }

    void clear() {
        if (owed) {
            mm.addTlbFlushPending(-1);
        }
        owed = false;
        structure = false;
    }

    /**
     * Asserts that nothing is owed before something that must come after the flush.
     *
     * @throws IllegalStateException naming what was about to be done
     */
    public void requireSettled(String before) {
        if (owed) {
            throw new IllegalStateException("flush of " + mm + " [0x" + Long.toHexString(startVaddr) + ", 0x"
                    + Long.toHexString(endVaddr) + ") is still owed before " + before);
        }
    }
}
