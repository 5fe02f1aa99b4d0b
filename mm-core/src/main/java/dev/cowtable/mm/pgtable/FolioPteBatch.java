package dev.cowtable.mm.pgtable;

import dev.cowtable.mm.page.LargeFolio;
import dev.cowtable.mmu.cpu.FramePort;
import dev.cowtable.mmu.entry.Entry;

/**
 * How many consecutive entries of a table map consecutive pages of one large folio with the same bits.
 *
 * <p>A and R/W never count as bits; D and soft-dirty count where the caller would lose them.
 *
 * <p>Mirrors: folio_pte_batch_flags() (mm/internal.h).
 * <p>Locks: ptl of the table, or a share in transit of one that does not change.
 */
public final class FolioPteBatch {
    /** For {@link #scan}: entries may differ in D and soft-dirty. */
    public static final long IGNORE_DIRTY = Entry.D | Pte.SOFT_DIRTY;

    private int length;
    private boolean anyWritable;

    /**
     * Looks at the entries from one on that holds {@code pte}, a page of {@code folio}.
     *
     * @param max at least 1; the entries stay within their table
     * @param ignored bits in which they may differ, besides A and R/W
     */
    public void scan(FramePort entries, int index, long pte, LargeFolio folio, int max, long ignored) {
        long mask = ~(Entry.A | Entry.RW | ignored);
        long left = folio.headPfn() + (1L << folio.order()) - Pte.pfn(pte);
        int end = (int) Math.min(max, left);
        long expected = (pte & mask) + 4096;
        long seen = pte;
        int n = 1;
        for (; n < end; n++) {
            long next = entries.read(index + n);
            if ((next & mask) != expected) {
                break;
            }
            seen |= next & Entry.RW;
            expected += 4096;
        }
        length = n;
        anyWritable = Pte.isWritable(seen);
    }

    /** Entries found by the last scan. */
    public int length() {
        return length;
    }

    /** True if one of them, the first included, was writable. */
    public boolean anyWritable() {
        return anyWritable;
    }
}
