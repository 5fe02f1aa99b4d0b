package dev.cowtable.mm.access;

import dev.cowtable.mm.vma.MmStruct;

/**
 * A range that a device mirrors: what it asks of each page, and in the same words what it was told.
 *
 * <pre>
 *   63     62     61              0
 *   VALID  WRITE  ERROR   pfn         told
 *   FAULT  WRITE                      asked
 * </pre>
 *
 * <p>Mirrors: struct hmm_range, enum hmm_pfn_flags (include/linux/hmm.h), without a notifier's sequence number.
 */
public final class HmmRange {
    /** The page is there and may be read. */
    public static final long VALID = 1L << 63;
    /** It may be written, too. */
    public static final long WRITE = 1L << 62;
    /** There is nothing that a device could be given. */
    public static final long ERROR = 1L << 61;
    /** Asks for the page to be there. */
    public static final long REQ_FAULT = VALID;
    /** With {@link #REQ_FAULT}: asks for the right to write. */
    public static final long REQ_WRITE = WRITE;

    /** What must be done for a page before it can be told: nothing, a fault, a write fault. */
    static final int NOTHING = 0;
    static final int FAULT = 1;
    static final int WRITE_FAULT = 2;

    private final MmStruct mm;
    private final long startVaddr;
    private final long[] hmmPfns;
    private final long defaultFlags;

    /**
     * A range as long as the array.
     *
     * @param hmmPfns what is asked of each page; overwritten with what is told
     * @param defaultFlags asked of every page besides
     */
    public HmmRange(MmStruct mm, long startVaddr, long[] hmmPfns, long defaultFlags) {
        this.mm = mm;
        this.startVaddr = startVaddr;
        this.hmmPfns = hmmPfns;
        this.defaultFlags = defaultFlags;
    }

    /** The frame of a word that was told. */
    public static long pfn(long hmmPfn) {
        return hmmPfn & (ERROR - 1);
    }

    MmStruct mm() {
        return mm;
    }

    long start() {
        return startVaddr;
    }

    long end() {
        return startVaddr + hmmPfns.length * 4096L;
    }

    /**
     * What a page needs that has these rights.
     *
     * <p>Mirrors: hmm_pte_need_fault().
     */
    int needs(long vaddr, long rights) {
        long asked = hmmPfns[index(vaddr)] | defaultFlags;
        if ((asked & REQ_FAULT) == 0) {
            return NOTHING;
        }
        if ((asked & REQ_WRITE) != 0 && (rights & WRITE) == 0) {
            return WRITE_FAULT;
        }
        return (rights & VALID) == 0 ? FAULT : NOTHING;
    }

    /** True if a page of the part is asked for: hmm_range_need_fault(). */
    boolean asksFor(long start, long end) {
        boolean asks = false;
        for (long at = start; at < end; at += 4096) {
            asks |= needs(at, 0) != NOTHING;
        }
        return asks;
    }

    void tell(long vaddr, long hmmPfn) {
        hmmPfns[index(vaddr)] = hmmPfn;
    }

    /** Tells the same of a part: hmm_pfns_fill(). */
    void fill(long start, long end, long hmmPfn) {
        for (long at = start; at < end; at += 4096) {
            tell(at, hmmPfn);
        }
    }

    private int index(long vaddr) {
        return (int) ((vaddr - startVaddr) >>> 12);
    }
}
