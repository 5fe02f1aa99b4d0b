package dev.cowtable.mmu.entry;

/**
 * One 64-bit entry of a paging structure.
 *
 * <pre>
 *  63 62..59 58..52 51                     12 11..9  8   7   6   5   4   3   2   1   0
 * +--+------+------+-------------------------+-----+---+---+---+---+---+---+---+---+---+
 * |XD| key  |  ign | physical address 51..12 | ign | G |PS | D | A |PCD|PWT|U/S|R/W| P |
 * +--+------+------+-------------------------+-----+---+---+---+---+---+---+---+---+---+
 *  PTE: bit 7 is PAT.   Large leaf (PDE, PDPTE with PS=1): bit 12 is PAT, bits 13.. below the page size are reserved.
 *  Not a leaf: bits 6, 8 and 59..62 are ignored.   PML4E, PML5E: bit 7 is reserved, on AMD bit 8 too.   P=0: every other bit is software's.
 * </pre>
 */
public final class Entry {
    public static final long P = 1L;
    public static final long RW = 1L << 1;
    public static final long US = 1L << 2;
    public static final long PWT = 1L << 3;
    public static final long PCD = 1L << 4;
    public static final long A = 1L << 5;
    public static final long D = 1L << 6;
    public static final long PS = 1L << 7;
    /** Page-attribute-table bit of a PTE, where no page size is chosen. */
    public static final long PAT = 1L << 7;
    public static final long G = 1L << 8;
    /** Page-attribute-table bit of a 2 MiB or 1 GiB leaf. */
    public static final long LARGE_PAT = 1L << 12;
    public static final long XD = 1L << 63;
    /** Lowest of the four bits of a leaf's protection key. */
    public static final int KEY_SHIFT = 59;
    public static final long KEY_MASK = 15L << KEY_SHIFT;
    public static final long ADDRESS_MASK = 0x000f_ffff_ffff_f000L;

    private Entry() {
    }

    public static boolean isPresent(long entry) {
        return (entry & P) != 0;
    }

    public static boolean isWritable(long entry) {
        return (entry & RW) != 0;
    }

    public static boolean isUser(long entry) {
        return (entry & US) != 0;
    }

    public static boolean isAccessed(long entry) {
        return (entry & A) != 0;
    }

    public static boolean isDirty(long entry) {
        return (entry & D) != 0;
    }

    /** Bit 7 is set: a large leaf at levels 2 and 3, PAT at level 1, reserved above. */
    public static boolean isPageSize(long entry) {
        return (entry & PS) != 0;
    }

    public static boolean isGlobal(long entry) {
        return (entry & G) != 0;
    }

    public static boolean isExecuteDisabled(long entry) {
        return (entry & XD) != 0;
    }

    /** Bits 51..12; of a large leaf bit 12 is PAT and must be masked by the caller. */
    public static long paddr(long entry) {
        return entry & ADDRESS_MASK;
    }

    public static long pfn(long entry) {
        return paddr(entry) >>> 12;
    }
}
